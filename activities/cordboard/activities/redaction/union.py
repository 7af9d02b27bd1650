"""Findings of all recognisers made into spans that do not overlap."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cordboard.activities.redaction.finding import Finding
from cordboard.activities.redaction.passage import TAG
from cordboard.wrap_up.v1 import transcript_pb2 as kinds
from cordboard.wrap_up.v1.transcript_pb2 import Identifier

# Where weight and length leave the kind open, the one that says most comes first.
_PRECEDENCE: tuple[Identifier.ValueType, ...] = (
    kinds.IDENTIFIER_SSN,
    kinds.IDENTIFIER_EMAIL,
    kinds.IDENTIFIER_URL,
    kinds.IDENTIFIER_IP,
    kinds.IDENTIFIER_RECORD,
    kinds.IDENTIFIER_PLAN,
    kinds.IDENTIFIER_ACCOUNT,
    kinds.IDENTIFIER_LICENCE,
    kinds.IDENTIFIER_VEHICLE,
    kinds.IDENTIFIER_DEVICE,
    kinds.IDENTIFIER_BIOMETRIC,
    kinds.IDENTIFIER_PHOTO,
    kinds.IDENTIFIER_FAX,
    kinds.IDENTIFIER_PHONE,
    kinds.IDENTIFIER_LOCATION,
    kinds.IDENTIFIER_NAME,
    kinds.IDENTIFIER_DATE,
    kinds.IDENTIFIER_OTHER,
)
_JOINED = {kinds.IDENTIFIER_NAME, kinds.IDENTIFIER_LOCATION, kinds.IDENTIFIER_DATE}


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of characters that goes out as one tag."""

    start: int
    end: int
    identifier: Identifier.ValueType
    recognizers: tuple[str, ...]


def union(text: str, findings: Iterable[Finding]) -> list[Span]:
    """Merge findings that overlap, and names, places and dates that only space parts; in order.

    The kind of a merged span is that of its heaviest finding, then of its longest, then by a fixed precedence.
    Tags that stand in the text already are never part of a span.
    """
    clean = outside_of_tags(text, findings)
    groups: list[list[Finding]] = []
    for finding in sorted(clean, key=lambda found: (found.start, found.end)):
        if groups and _belongs(text, groups[-1], finding):
            groups[-1].append(finding)
        else:
            groups.append([finding])
    return [_span(group) for group in groups]


def kind_of(findings: Sequence[Finding]) -> Identifier.ValueType:
    """Choose the kind of findings that are merged."""
    best = max(
        findings,
        key=lambda found: (found.weight, found.end - found.start, -_PRECEDENCE.index(found.identifier)),
    )
    return best.identifier


def _belongs(text: str, group: Sequence[Finding], finding: Finding) -> bool:
    end = max(found.end for found in group)
    if finding.start < end:
        return True
    touching = not text[end : finding.start].strip()
    return touching and finding.identifier in _JOINED and kind_of(group) == finding.identifier


def _span(group: Sequence[Finding]) -> Span:
    names = tuple(sorted({found.recognizer for found in group}))
    return Span(min(found.start for found in group), max(found.end for found in group), kind_of(group), names)


def outside_of_tags(text: str, findings: Iterable[Finding]) -> list[Finding]:
    """Cut tags, and space and marks at the edges, off findings; what is left may be in pieces."""
    tags = [(tag.start(), tag.end()) for tag in TAG.finditer(text)]
    return [piece for finding in findings for piece in _pieces(text, finding, tags)]


def _pieces(text: str, finding: Finding, tags: Sequence[tuple[int, int]]) -> Iterable[Finding]:
    stretches: list[tuple[int, int]] = []
    start = finding.start
    for first, last in tags:
        if first < finding.end and last > finding.start:
            stretches.append((start, first))
            start = last
    stretches.append((start, finding.end))
    for first, last in stretches:
        while first < last and not text[first].isalnum():
            first += 1
        while last > first and not text[last - 1].isalnum():
            last -= 1
        if first < last:
            yield Finding(first, last, finding.identifier, finding.recognizer, finding.weight)
