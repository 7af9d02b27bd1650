"""Redaction of whole calls: one contract for our rules alone and for the union with the library engines."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cordboard.activities.redaction.engine import RedactionEngine, TranscriptRedactor
from cordboard.activities.redaction.leak_check import surviving
from cordboard.wrap_up.v1 import transcript_pb2 as kinds
from cordboard.wrap_up.v1.transcript_pb2 import Identifier, Silence, Transcript, Utterance

CALL: list[tuple[kinds.Speaker.ValueType, str, list[Identifier.ValueType]]] = [
    (kinds.SPEAKER_AI_AGENT, "Thank you for calling. May I have your name?", []),
    (kinds.SPEAKER_CALLER, "yeah it's maria lopez", [kinds.IDENTIFIER_NAME]),
    (kinds.SPEAKER_AI_AGENT, "Thank you, Maria Lopez. What number can we reach you at?", []),
    (kinds.SPEAKER_CALLER, "five five five oh one two two", [kinds.IDENTIFIER_PHONE]),
    (kinds.SPEAKER_AI_AGENT, "I have 555-0122. And your date of birth, Ms. Lopez?", []),
    (kinds.SPEAKER_CALLER, "may fourth nineteen sixty two", [kinds.IDENTIFIER_DATE]),
    (kinds.SPEAKER_AI_AGENT, "So 5/4/1962. What brings you in?", []),
    (kinds.SPEAKER_CALLER, "my knee hurts since three weeks and lopez is l o p e z", []),
    (kinds.SPEAKER_AI_AGENT, "Tuesday at ten thirty, then. Goodbye, Maria.", []),
]
REDACTED = [
    "Thank you for calling. May I have your name?",
    "[NAME-1]",
    "Thank you, [NAME-1]. What number can we reach you at?",
    "[PHONE-1]",
    "I have [PHONE-1]. And your date of birth, Ms. [NAME-1]?",
    "[DATE-1]",
    "So [DATE-1]. What brings you in?",
    "my knee hurts since three weeks and [NAME-1] is [NAME-1]",
    "Tuesday at ten thirty, then. Goodbye, [NAME-1].",
]


@pytest.fixture(params=["rules", "whole"])
def redactor(request: pytest.FixtureRequest) -> TranscriptRedactor:
    """Each engine in turn."""
    made: RedactionEngine = request.getfixturevalue(request.param)
    return made


def transcript(*texts: str) -> Transcript:
    return Transcript(call_id="call", utterances=[Utterance(ordinal=at, text=text) for at, text in enumerate(texts)])


def conversation() -> Transcript:
    said = [
        Utterance(ordinal=at, speaker=speaker, leg_id=f"leg-{speaker}", turn_id=f"turn-{at}", text=text,
                  started_us=at * 5_000_000, ended_us=at * 5_000_000 + 3_000_000, asked_for=asked,
                  source=kinds.TEXT_SOURCE_FINAL_ASR, confidence=0.5, interrupted=at == 2)
        for at, (speaker, text, asked) in enumerate(CALL)
    ]  # fmt: skip
    silences = [Silence(started_us=1, ended_us=2, reason="RECORDING_PAUSED")]
    return Transcript(call_id="call", utterances=said, silences=silences)


def test_a_call_is_published_with_tags_that_tell_the_same_from_the_other(redactor: TranscriptRedactor) -> None:
    redaction = redactor.redact(conversation())
    assert [utterance.text for utterance in redaction.redacted.utterances] == REDACTED


def test_all_but_the_text_stays_as_it_was(redactor: TranscriptRedactor) -> None:
    original, redacted = conversation(), redactor.redact(conversation()).redacted
    assert redacted.call_id == "call"
    assert list(redacted.silences) == list(original.silences)
    for before, after in zip(original.utterances, redacted.utterances, strict=True):
        for field in ("ordinal", "speaker", "leg_id", "turn_id", "started_us", "ended_us", "source", "confidence"):
            assert getattr(before, field) == getattr(after, field)
        assert before.interrupted == after.interrupted


def test_the_record_says_what_stood_where(redactor: TranscriptRedactor) -> None:
    original = conversation()
    redaction = redactor.redact(original)
    for span in redaction.record.spans:
        utterance = original.utterances[span.utterance]
        assert utterance.text[span.start : span.end] == span.original
        assert (span.leg_id, bool(span.recognizers)) == (utterance.leg_id, True)
        assert span.mute_started_us <= utterance.started_us < utterance.ended_us <= span.mute_ended_us
    counts = {count.identifier: count.spans for count in redaction.redacted.counts}
    assert sum(counts.values()) == len(redaction.record.spans)
    assert counts[kinds.IDENTIFIER_PHONE] == 2


def test_a_name_that_was_said_once_is_found_where_nothing_else_gives_it_away(redactor: TranscriptRedactor) -> None:
    redaction = redactor.redact(transcript("the code is k l four four seven one", "so that was KL4471 then"))
    assert [utterance.text for utterance in redaction.redacted.utterances] == [
        "the code is [OTHER-1]",
        "so that was [OTHER-1] then",
    ]


def test_an_empty_call_and_an_empty_utterance_are_nothing_special(redactor: TranscriptRedactor) -> None:
    assert not redactor.redact(Transcript(call_id="call")).record.spans
    assert redactor.redact(transcript("", "  ")).redacted.utterances[1].text == "  "


@pytest.mark.parametrize(
    "text", ["İstanbul'dan Straße ünlü", "你好 我是王伟", "\x00\u202e [NAME-x] [name-1]", "a" * 5000]
)
def test_strange_texts_are_survived(redactor: TranscriptRedactor, text: str) -> None:
    redactor.redact(transcript(text))


PIECES = [
    "maria lopez",
    "walter",
    "hope",
    "five five five oh one two three",
    "5550123",
    "x y z 4 4 7 1",
    "l o p e z",
    "is",
    "my",
    "name",
    "i live at",
    "four twenty one maple avenue",
    "in boston",
    "may fourth",
    "the third of may",
    "[NAME-1]",
    "j dot smith at gmail dot com",
    "and",
    "ninety four years old",
    "doctor patel",
    ".",
    ",",
    "two",
    "weeks",
    "hurts",
    "account number",
    "to",
    "the clinic",
    "Mr.",
    "Ann",
]
utterances = st.lists(st.sampled_from(PIECES), max_size=9).map(" ".join)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.lists(utterances, min_size=1, max_size=4))
def test_nothing_that_was_taken_out_is_left_and_redacting_again_changes_nothing(
    rules: RedactionEngine, said: list[str]
) -> None:
    once = rules.redact(transcript(*said))
    texts = [utterance.text for utterance in once.redacted.utterances]
    assert not surviving(texts, [(span.identifier, span.original) for span in once.record.spans])
    for span in once.record.spans:
        assert span.original.isdigit() is False or not any(
            span.original in text for text in texts if len(span.original) > 3
        )
    again = rules.redact(transcript(*texts))
    assert [utterance.text for utterance in again.redacted.utterances] == texts
    assert not again.record.spans


def test_redacting_a_whole_call_again_changes_nothing(redactor: TranscriptRedactor) -> None:
    again = redactor.redact(transcript(*REDACTED))
    assert [utterance.text for utterance in again.redacted.utterances] == REDACTED


def test_a_value_that_survives_is_seen() -> None:
    gone = [(kinds.IDENTIFIER_PHONE, "five five five oh one two two"), (kinds.IDENTIFIER_NAME, "Maria Lopez")]
    assert surviving(["call 555 0122"], gone) == 1
    assert surviving(["that's l o p e z"], gone) == 1
    assert surviving(["maria's turn"], gone) == 1
    assert surviving(["[NAME-1] at [PHONE-1], 555 times"], gone) == 0
