"""How well an engine finds labelled identifiers: recall and precision, and what it missed."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cordboard.activities.redaction.engine import RedactionEngine
from cordboard.activities.redaction.union import Span
from cordboard.core.errors import InvalidError
from cordboard.wrap_up.v1.transcript_pb2 import Identifier


@dataclass(frozen=True)
class LabelledSpan:
    """A stretch of a sentence that somebody said is an identifier."""

    start: int
    end: int
    identifier: Identifier.ValueType


@dataclass(frozen=True)
class LabelledSentence:
    """A sentence of phone speech with all of its identifiers."""

    text: str
    spans: tuple[LabelledSpan, ...]
    asked_for: tuple[Identifier.ValueType, ...] = ()


@dataclass(frozen=True)
class Mistake:
    """A label that was not wholly covered, or a stretch that was taken out for nothing."""

    kind: str
    text: str
    stretch: str


@dataclass
class Score:
    """Counts over sentences; a label counts as found when each of its letters and digits is covered."""

    labelled: int = 0
    found: int = 0
    kind_right: int = 0
    predicted: int = 0
    right: int = 0
    covered_characters: int = 0
    right_characters: int = 0

    @property
    def recall(self) -> float:
        """Share of labels that were wholly covered."""
        return self.found / self.labelled if self.labelled else 1.0

    @property
    def precision(self) -> float:
        """Share of spans that hold a labelled character."""
        return self.right / self.predicted if self.predicted else 1.0

    @property
    def character_precision(self) -> float:
        """Share of covered letters and digits that are labelled."""
        return self.right_characters / self.covered_characters if self.covered_characters else 1.0


@dataclass
class Evaluation:
    """The score of all sentences, of each kind, and every mistake."""

    sentences: int = 0
    clean: int = 0
    clean_hit: int = 0
    total: Score = field(default_factory=Score)
    by_kind: dict[str, Score] = field(default_factory=dict)
    missed: list[Mistake] = field(default_factory=list)
    needless: list[Mistake] = field(default_factory=list)


def read_sentences(folder: Path) -> list[LabelledSentence]:
    """Read all `*.jsonl` below a folder, one sentence a line.

    Raises:
        InvalidError: `EVALUATION_SET_INVALID` when there is none, or a line does not hold a sentence.
    """
    paths = sorted(folder.rglob("*.jsonl")) if folder.is_dir() else [folder] if folder.is_file() else []
    sentences: list[LabelledSentence] = []
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                sentences.append(_sentence(json.loads(line)))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise InvalidError("EVALUATION_SET_INVALID", f"line {number} is no sentence", file=path.name) from error
    if not sentences:
        raise InvalidError("EVALUATION_SET_INVALID", "no sentences there", file=folder.name)
    return sentences


def _sentence(value: dict[str, object]) -> LabelledSentence:
    text, spans, asked = value["text"], value.get("spans", []), value.get("asked_for", [])
    if not isinstance(text, str) or not isinstance(spans, list) or not isinstance(asked, list):
        raise TypeError("a sentence has a text, spans, and what was asked for")
    labelled = tuple(LabelledSpan(int(one["start"]), int(one["end"]), _kind(one["identifier"])) for one in spans)
    if any(not 0 <= span.start < span.end <= len(text) for span in labelled):
        raise ValueError("a span lies outside of its text")
    return LabelledSentence(text, labelled, tuple(_kind(name) for name in asked))


def _kind(name: str) -> Identifier.ValueType:
    return Identifier.Value(f"IDENTIFIER_{name}")


def kind_name(identifier: Identifier.ValueType) -> str:
    """Give a kind's name as tags and evaluation sets write it: `NAME`."""
    return Identifier.Name(identifier).removeprefix("IDENTIFIER_")


def evaluate(
    engine: RedactionEngine, sentences: Iterable[LabelledSentence], progress: Callable[[], None] = lambda: None
) -> Evaluation:
    """Run the engine over each sentence by itself and count; `progress` is called after each."""
    result = Evaluation()
    for sentence in sentences:
        spans = engine.spans(sentence.text, sentence.asked_for)
        result.sentences += 1
        if not sentence.spans:
            result.clean += 1
            result.clean_hit += bool(spans)
        _count_labels(result, sentence, spans)
        _count_spans(result, sentence, spans)
        progress()
    return result


def _count_labels(result: Evaluation, sentence: LabelledSentence, spans: Sequence[Span]) -> None:
    covered = set(_characters(sentence.text, spans))
    for label in sentence.spans:
        name = kind_name(label.identifier)
        found = set(_characters(sentence.text, [label])) <= covered
        hit = {span.identifier for span in spans if span.start < label.end and label.start < span.end}
        for score in (result.total, result.by_kind.setdefault(name, Score())):
            score.labelled += 1
            score.found += found
            score.kind_right += found and label.identifier in hit
        if not found:
            result.missed.append(Mistake(name, sentence.text, sentence.text[label.start : label.end]))


def _count_spans(result: Evaluation, sentence: LabelledSentence, spans: Sequence[Span]) -> None:
    labelled = set(_characters(sentence.text, sentence.spans))
    for span in spans:
        name = kind_name(span.identifier)
        own = set(_characters(sentence.text, [span]))
        for score in (result.total, result.by_kind.setdefault(name, Score())):
            score.predicted += 1
            score.right += bool(own & labelled)
            score.covered_characters += len(own)
            score.right_characters += len(own & labelled)
        if not own & labelled:
            result.needless.append(Mistake(name, sentence.text, sentence.text[span.start : span.end]))


def _characters(text: str, spans: Sequence[Span] | Sequence[LabelledSpan]) -> Iterator[int]:
    return (place for span in spans for place in range(span.start, span.end) if text[place].isalnum())
