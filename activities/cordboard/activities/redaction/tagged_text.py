"""A text with tags in the place of spans, which knows where each of its characters came from."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from cordboard.activities.redaction.finding import Finding
from cordboard.activities.redaction.union import Span


@dataclass(frozen=True)
class TaggedText:
    """An original text and its spans, each with its tag; spans are in order and do not overlap."""

    original: str
    tags: Sequence[tuple[Span, str]]

    @property
    def text(self) -> str:
        """The text with tags."""
        parts, place = list[str](), 0
        for span, tag in self.tags:
            parts += [self.original[place : span.start], tag]
            place = span.end
        return "".join([*parts, self.original[place:]])

    def text_of(self, span: Span) -> str:
        """Give the original characters of a span."""
        return self.original[span.start : span.end]

    def in_original(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Move findings in the text with tags to their places in the original; none of them holds a tag."""
        pieces = list(self._kept())
        for finding in findings:
            for first, last, shift in pieces:
                if first <= finding.start and finding.end <= last:
                    yield replace(finding, start=finding.start + shift, end=finding.end + shift)
                    break

    def _kept(self) -> Iterator[tuple[int, int, int]]:
        """Give the stretches of original characters in the text: start, end, and how far they moved."""
        place, shown = 0, 0
        for span, tag in self.tags:
            length = span.start - place
            yield shown, shown + length, place - shown
            shown, place = shown + length + len(tag), span.end
        yield shown, shown + len(self.original) - place, place - shown
