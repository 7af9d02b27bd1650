"""Whether a side was understood at all.

An engine that knows English alone makes English words of whatever is said, and is not sure of them. So what it made of
another language is full of words that were never said, and redaction finds no names in them.
"""

from typing import Final

from cordboard.activities.wrap_up import reasons
from cordboard.wrap_up.v1 import transcript_pb2 as pb

UNDERSTOOD: Final = "en"
UNDETERMINED: Final = "und"

LEAST: Final = 0.6
"""Mean confidence of a side's words below which it was not understood. English has 0.8 and more, Spanish, German and
French have 0.4 to 0.5."""

ENOUGH: Final = 8
"""So many words are needed to tell."""


def judge_language(transcript: pb.Transcript) -> int:
    """Note the language of a transcript, and mark what was not understood; give how many utterances that are."""
    heard = [one for one in transcript.utterances if one.source == pb.TEXT_SOURCE_FINAL_ASR]
    foreign = [one for speaker in {one.speaker for one in heard} for one in _not_understood(heard, speaker)]
    transcript.language = UNDETERMINED if foreign else UNDERSTOOD if heard else ""
    marks = [
        pb.Silence(started_us=one.started_us, ended_us=one.ended_us, reason=reasons.LANGUAGE_UNKNOWN, leg_id=one.leg_id)
        for one in foreign
    ]
    silences = sorted([*transcript.silences, *marks], key=lambda one: (one.started_us, one.ended_us, one.reason))
    del transcript.silences[:]
    transcript.silences.extend(silences)
    return len(foreign)


def _not_understood(heard: list[pb.Utterance], speaker: pb.Speaker.ValueType) -> list[pb.Utterance]:
    mine = [one for one in heard if one.speaker == speaker]
    confidences = [word.confidence for one in mine for word in one.words]
    if len(confidences) < ENOUGH or sum(confidences) / len(confidences) >= LEAST:
        return []
    return mine


def understood(transcript: pb.Transcript) -> pb.Transcript:
    """Give the transcript without what was not understood; its marks stay."""
    marked = {
        (one.started_us, one.ended_us, one.leg_id)
        for one in transcript.silences
        if one.reason == reasons.LANGUAGE_UNKNOWN
    }
    left = pb.Transcript()
    left.CopyFrom(transcript)
    del left.utterances[:]
    left.utterances.extend(
        one for one in transcript.utterances if (one.started_us, one.ended_us, one.leg_id) not in marked
    )
    return left
