"""The final transcript: what the second pass understood, joined with what the log knows better.

Of the AI agent's side the words are known: those that went onto the wire. The second pass only says when. Where no
sound was captured the words are those that were understood during the call.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from cordboard.activities.wrap_up import reasons
from cordboard.activities.wrap_up.asked_for import asked_for
from cordboard.activities.wrap_up.call_record import CallRecord, SpokenReply
from cordboard.activities.wrap_up.span import Span, merged
from cordboard.activities.wrap_up.word_alignment import TimedWord, aligned
from cordboard.call.v1.facts_pb2 import UtteranceHeard
from cordboard.call.v1.wrap_up_facts_pb2 import Shortfall
from cordboard.media.v1.leg_pb2 import LEG_ROLE_AI_AGENT, LEG_ROLE_HUMAN_AGENT
from cordboard.wrap_up.v1 import transcript_pb2 as pb

BREAK_US: Final = 900_000
"""A party who is silent for longer begins another utterance."""

NEAR_US: Final = 600_000
"""Words so close to a reply belong to it: engines are not exact about beginnings and ends."""

COVERED: Final = 0.5
"""An utterance of which so much was captured should be in the second pass."""


@dataclass(slots=True)
class HeardSides:
    """What the second pass understood, in media time."""

    caller: list[TimedWord] = field(default_factory=list)
    other: list[TimedWord] = field(default_factory=list)
    unintelligible: list[tuple[Span, str]] = field(default_factory=list)
    """Sound like speech without a word, and the leg, empty where it is not known."""
    covered: list[Span] = field(default_factory=list)
    """Times that were recorded, but those that are missing."""
    engine: str = ""


def assemble(record: CallRecord, sides: HeardSides, missing: Iterable[Shortfall] = ()) -> pb.Transcript:
    """Make the transcript of a call."""
    agents = [*_replies(record, sides), *_agents(record, sides)]
    utterances = sorted([*agents, *_caller(record, sides)], key=lambda one: (one.started_us, one.speaker))
    question: list[pb.Identifier.ValueType] = []
    for ordinal, utterance in enumerate(utterances):
        utterance.ordinal = ordinal
        if utterance.speaker == pb.SPEAKER_CALLER:
            utterance.asked_for.extend(question)
        else:
            question = asked_for(utterance.text)
    return pb.Transcript(
        call_id=record.call_id,
        utterances=utterances,
        silences=_silences(record, sides, missing),
        engine=sides.engine,
    )


def _replies(record: CallRecord, sides: HeardSides) -> list[pb.Utterance]:
    return [_reply(record, reply, _within(reply.span.padded(NEAR_US), sides.other)) for reply in record.replies]


def _reply(record: CallRecord, reply: SpokenReply, heard: Sequence[TimedWord]) -> pb.Utterance:
    words = aligned(reply.text, heard, reply.span)
    ai_legs = [leg_id for leg_id, role in record.roles.items() if role == LEG_ROLE_AI_AGENT]
    return pb.Utterance(
        speaker=pb.SPEAKER_AI_AGENT,
        leg_id=reply.leg_id or (ai_legs[-1] if ai_legs else ""),
        turn_id=reply.turn_id,
        text=reply.text,
        started_us=reply.span.started_us,
        ended_us=reply.span.ended_us,
        words=[_word(word) for word in words],
        source=pb.TEXT_SOURCE_HEARD_LEDGER,
        interrupted=reply.interrupted,
    )


def _agents(record: CallRecord, sides: HeardSides) -> list[pb.Utterance]:
    """What was said on the other side beside the AI agent's known replies."""
    known = merged(reply.span.padded(NEAR_US) for reply in record.replies)
    words = [word for word in sides.other if not any(word.span.overlap(span) for span in known)]
    found: list[pb.Utterance] = []
    for group in _groups(words):
        span = Span(group[0].span.started_us, group[-1].span.ended_us)
        leg_id = _speaking(record, span)
        human = record.role(leg_id) == LEG_ROLE_HUMAN_AGENT
        speaker = pb.SPEAKER_HUMAN_AGENT if human else pb.SPEAKER_AI_AGENT
        found.append(_spoken(group, speaker, leg_id))
    return found


def _speaking(record: CallRecord, span: Span) -> str:
    """The leg of the other side that was there at that time: a human agent's before the AI agent's."""

    def rank(leg_id: str) -> tuple[int, int]:
        seen = record.legs_seen.get(leg_id, Span(0, 0))
        return span.overlap(seen), int(record.role(leg_id) == LEG_ROLE_HUMAN_AGENT)

    legs = [leg for leg, role in record.roles.items() if role in (LEG_ROLE_HUMAN_AGENT, LEG_ROLE_AI_AGENT)]
    return max(legs, key=rank, default="")


def _caller(record: CallRecord, sides: HeardSides) -> list[pb.Utterance]:
    leg_id = next(iter(sorted(record.callers)), "")
    found = [_spoken(group, pb.SPEAKER_CALLER, leg_id) for group in _groups(sides.caller)]
    for utterance in found:
        _number(utterance, record.utterances)
    spans = [Span(one.started_us, one.ended_us) for one in found]
    for live in record.utterances:
        span = Span(live.started_us, max(live.ended_us, live.started_us + 1))
        covered = sum(span.overlap(one) for one in sides.covered) >= COVERED * (span.ended_us - span.started_us)
        if live.text and not (covered and any(span.padded(NEAR_US).overlap(one) for one in spans)):
            found.append(_live(live))
    return found


def _number(utterance: pb.Utterance, live: Iterable[UtteranceHeard]) -> None:
    """Give an utterance the turn and the leg under which it was understood during the call."""
    span = Span(utterance.started_us, utterance.ended_us)
    ranked = [(span.overlap(Span(one.started_us, one.ended_us).padded(NEAR_US)), one) for one in live]
    best = max(ranked, key=lambda pair: pair[0], default=None)
    if best is not None and best[0]:
        utterance.turn_id = best[1].turn_id
        utterance.leg_id = best[1].leg_id or utterance.leg_id


def _live(live: UtteranceHeard) -> pb.Utterance:
    return pb.Utterance(
        speaker=pb.SPEAKER_CALLER,
        leg_id=live.leg_id,
        turn_id=live.turn_id,
        text=live.text,
        started_us=live.started_us,
        ended_us=live.ended_us,
        source=pb.TEXT_SOURCE_LIVE_ASR,
        confidence=live.confidence,
    )


def _spoken(words: Sequence[TimedWord], speaker: pb.Speaker.ValueType, leg_id: str) -> pb.Utterance:
    return pb.Utterance(
        speaker=speaker,
        leg_id=leg_id,
        text=" ".join(word.text for word in words),
        started_us=words[0].span.started_us,
        ended_us=words[-1].span.ended_us,
        words=[_word(word) for word in words],
        source=pb.TEXT_SOURCE_FINAL_ASR,
        confidence=sum(word.confidence for word in words) / len(words),
    )


def _groups(words: Sequence[TimedWord]) -> list[list[TimedWord]]:
    groups: list[list[TimedWord]] = []
    for word in sorted(words, key=lambda one: one.span):
        if groups and word.span.started_us - groups[-1][-1].span.ended_us <= BREAK_US:
            groups[-1].append(word)
        else:
            groups.append([word])
    return groups


def _within(span: Span, words: Iterable[TimedWord]) -> list[TimedWord]:
    return [word for word in words if word.span.overlap(span)]


def _word(word: TimedWord) -> pb.Word:
    return pb.Word(
        text=word.text,
        started_us=word.span.started_us,
        ended_us=word.span.ended_us,
        confidence=word.confidence,
    )


def _silences(record: CallRecord, sides: HeardSides, missing: Iterable[Shortfall]) -> list[pb.Silence]:
    found = [(mute.span, mute.reason, mute.leg_id) for mute in record.mutes]
    found += [
        (Span(one.started_us, one.ended_us), one.reason, one.leg_id) for one in missing if one.ended_us > one.started_us
    ]
    found += [(span, reasons.UNINTELLIGIBLE, leg_id) for span, leg_id in sides.unintelligible]
    return [
        pb.Silence(started_us=span.started_us, ended_us=span.ended_us, reason=reason, leg_id=leg_id)
        for span, reason, leg_id in sorted(found)
    ]
