"""Redaction of a call's transcript: identifiers out, typed tags in, and a record of what stood where."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from cordboard.activities.redaction.echoes import echoes, known_values
from cordboard.activities.redaction.finding import Finding, Recognizer
from cordboard.activities.redaction.leak_check import surviving
from cordboard.activities.redaction.mute import mute_range
from cordboard.activities.redaction.passage import Passage
from cordboard.activities.redaction.recognizers.every import own_recognizers
from cordboard.activities.redaction.tag_book import TagBook
from cordboard.activities.redaction.tagged_text import TaggedText
from cordboard.activities.redaction.union import Span, outside_of_tags, union
from cordboard.core.errors import InternalError
from cordboard.wrap_up.v1 import transcript_pb2 as kinds
from cordboard.wrap_up.v1.transcript_pb2 import (
    Identifier,
    RedactedSpan,
    RedactedTranscript,
    RedactedUtterance,
    RedactionCount,
    RedactionRecord,
    Transcript,
    Utterance,
)

RULES_VERSION = "2"
# A text with tags reads differently, and more may be found in it. It is read again until nothing is.
MOST_ROUNDS = 6


@dataclass(frozen=True)
class Redaction:
    """A transcript to publish, and the record that is kept sealed."""

    redacted: RedactedTranscript
    record: RedactionRecord


class TranscriptRedactor(Protocol):
    """Takes identifiers out of transcripts."""

    def redact(self, transcript: Transcript) -> Redaction:
        """Give the transcript without identifiers, and what was taken out; it blocks for milliseconds a sentence.

        Raises:
            InternalError: `REDACTION_LEAK` when a value that was taken out stands elsewhere in the result.
        """
        ...


class RedactionEngine:
    """Finds identifiers by the union of its recognisers and puts tags in their place."""

    def __init__(self, recognizers: Sequence[Recognizer], version: str) -> None:
        self._recognizers = recognizers
        self._version = version
        self._seen: dict[tuple[str, tuple[Identifier.ValueType, ...]], tuple[Finding, ...]] = {}

    @classmethod
    def create(cls) -> "RedactionEngine":
        """Make the engine with our rules and the library engines; takes seconds, once per process."""
        from cordboard.activities.redaction.recognizers.library_engines import MODEL, LibraryEngines

        return cls([*own_recognizers(), LibraryEngines()], f"cordboard-rules/{RULES_VERSION} presidio {MODEL}")

    @classmethod
    def of_own_rules(cls) -> "RedactionEngine":
        """Make the engine with our rules alone: light, and weaker on names and places."""
        return cls(own_recognizers(), f"cordboard-rules/{RULES_VERSION}")

    def spans(self, text: str, asked_for: Collection[Identifier.ValueType] = ()) -> list[Span]:
        """Give the spans of one text, in order."""
        return self._settled([text], [tuple(asked_for)])[0]

    def redact(self, transcript: Transcript) -> Redaction:
        """Give the transcript without identifiers, and what was taken out."""
        self._seen.clear()
        texts = [utterance.text for utterance in transcript.utterances]
        found = self._settled(texts, [tuple(utterance.asked_for) for utterance in transcript.utterances])
        tagged = _tagged(texts, found)
        spans = [
            _redacted_span(utterance, span, tag)
            for utterance, text in zip(transcript.utterances, tagged, strict=True)
            for span, tag in text.tags
        ]
        record = RedactionRecord(call_id=transcript.call_id, spans=spans)
        self._seen.clear()
        if surviving([text.text for text in tagged], [(span.identifier, span.original) for span in spans]):
            raise InternalError(
                "REDACTION_LEAK", "a value that was taken out stands elsewhere", call_id=transcript.call_id
            )
        return Redaction(self._published(transcript, tagged, spans), record)

    def _settled(self, texts: Sequence[str], asked: Sequence[tuple[Identifier.ValueType, ...]]) -> list[list[Span]]:
        """Find until nothing more is found, in the texts themselves and in what stands between tags."""
        findings: list[set[Finding]] = [
            set(self._found(text, kinds_asked)) for text, kinds_asked in zip(texts, asked, strict=True)
        ]
        for _ in range(MOST_ROUNDS):
            found = [union(text, some) for text, some in zip(texts, findings, strict=True)]
            tagged = _tagged(texts, found)
            known = known_values([(span.identifier, text.text_of(span)) for text in tagged for span, _ in text.tags])
            more = False
            for place, text in enumerate(tagged):
                passage = Passage(text.text)
                again = [*self._found(text.text, asked[place]), *echoes(passage, known)]
                fresh = set(text.in_original(outside_of_tags(text.text, again)))
                said = {(span.start, span.end, span.identifier) for span, _ in text.tags}
                repeated = echoes(Passage(texts[place]), known)
                fresh |= {found for found in repeated if (found.start, found.end, found.identifier) not in said}
                more = more or not fresh <= findings[place]
                findings[place] |= fresh
            if not more:
                break
        return [union(text, some) for text, some in zip(texts, findings, strict=True)]

    def _found(self, text: str, asked_for: tuple[Identifier.ValueType, ...]) -> tuple[Finding, ...]:
        key = (text, asked_for)
        if key not in self._seen:
            passage = Passage(text, asked_for)
            self._seen[key] = tuple(found for each in self._recognizers for found in each.find(passage))
        return self._seen[key]

    def _published(
        self, transcript: Transcript, tagged: Sequence[TaggedText], spans: Sequence[RedactedSpan]
    ) -> RedactedTranscript:
        counted = sorted({span.identifier for span in spans})
        return RedactedTranscript(
            call_id=transcript.call_id,
            utterances=[_redacted(each, text) for each, text in zip(transcript.utterances, tagged, strict=True)],
            silences=transcript.silences,
            counts=[
                RedactionCount(identifier=kind, spans=sum(span.identifier == kind for span in spans))
                for kind in counted
            ],
            engine=self._version,
            language=transcript.language,
        )


def _tagged(texts: Sequence[str], found: Sequence[Sequence[Span]]) -> list[TaggedText]:
    """Give each span its tag; full names are known before parts of them."""
    book = TagBook(texts)
    book.learn_people(
        [
            text[span.start : span.end]
            for text, spans in zip(texts, found, strict=True)
            for span in spans
            if span.identifier == kinds.IDENTIFIER_NAME
        ]
    )
    return [
        TaggedText(text, [(span, book.tag(span.identifier, text[span.start : span.end])) for span in spans])
        for text, spans in zip(texts, found, strict=True)
    ]


def _redacted_span(utterance: Utterance, span: Span, tag: str) -> RedactedSpan:
    started_us, ended_us = mute_range(utterance, span.start, span.end)
    return RedactedSpan(
        utterance=utterance.ordinal,
        start=span.start,
        end=span.end,
        identifier=span.identifier,
        tag=tag,
        recognizers=span.recognizers,
        original=utterance.text[span.start : span.end],
        mute_started_us=started_us,
        mute_ended_us=ended_us,
        leg_id=utterance.leg_id,
    )


def _redacted(utterance: Utterance, text: TaggedText) -> RedactedUtterance:
    return RedactedUtterance(
        ordinal=utterance.ordinal,
        speaker=utterance.speaker,
        leg_id=utterance.leg_id,
        turn_id=utterance.turn_id,
        text=text.text,
        started_us=utterance.started_us,
        ended_us=utterance.ended_us,
        source=utterance.source,
        confidence=utterance.confidence,
        interrupted=utterance.interrupted,
    )
