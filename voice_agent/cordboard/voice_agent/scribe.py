"""Writes what a conversation saw and decided onto the log, in the call's media time."""

from collections.abc import Callable

from google.protobuf.message import Message

from cordboard.call.v1.call_pb2 import TalkOutcome
from cordboard.call.v1.facts_pb2 import BargedIn, ReplyHeard, ReplyPlanned, UtteranceHeard
from cordboard.voice_agent.dialogue.dialogue_state import Move
from cordboard.voice_agent.endpointing import TurnEnded
from cordboard.voice_agent.engagement import Engagement
from cordboard.voice_agent.fact_log import FactLog
from cordboard.voice_agent.heard_ledger import Heard
from cordboard.voice_agent.speaking import Play
from cordboard.voice_agent.turn_meter import duration
from cordboard.voice_agent.turn_telemetry import record_barge_in


class Scribe:
    """Makes the facts of one conversation."""

    def __init__(self, facts: FactLog, engagement: Engagement, media_us: Callable[[], int]) -> None:
        """Take the log, the call and what tells its media time."""
        self._facts = facts
        self._engagement = engagement
        self._media_us = media_us

    def write(self, event: Message, turn_id: str = "") -> None:
        """Log one fact."""
        self._facts.record(event, media_us=self._media_us(), leg_id=self._engagement.leg_id, turn_id=turn_id)

    def utterance(self, ended: TurnEnded, turn_id: str) -> None:
        """Log what the caller said in a turn."""
        utterance = UtteranceHeard(
            turn_id=turn_id,
            leg_id=self._engagement.peer_leg_id,
            text=ended.text,
            started_us=ended.started_us,
            ended_us=ended.ended_us,
            confidence=ended.confidence,
        )
        self.write(utterance, turn_id)

    def plan(self, play: Play, closes_with: TalkOutcome.ValueType = TalkOutcome.TALK_OUTCOME_UNSPECIFIED) -> None:
        """Log what will be said, and how the talk ends with it when it does."""
        planned = ReplyPlanned(
            turn_id=play.turn_id, play_id=play.play_id, clauses=play.clauses, closes_with=closes_with
        )
        self.write(planned, play.turn_id)

    def move(self, move: Move, turn_id: str, play: Play | None) -> None:
        """Log what a move learnt, will say, asks for and, unless that waits for the speech, how it ends."""
        for fact in move.facts:
            self.write(fact, turn_id)
        if play is not None:
            self.plan(play, move.ending.outcome if move.ending is not None else TalkOutcome.TALK_OUTCOME_UNSPECIFIED)
        for tool in move.tools:
            self.write(tool, turn_id)
        if move.ending is not None and not move.ends_after_speech:
            self.write(move.ending, turn_id)

    def heard(self, play: Play, heard: Heard) -> None:
        """Log what the caller heard of a reply."""
        fact = ReplyHeard(play_id=play.play_id, turn_id=play.turn_id, text=heard.text, interrupted=heard.interrupted)
        self.write(fact, play.turn_id)

    def barge_in(self, play: Play, onset_to_silence_us: int) -> None:
        """Log that the caller cut a reply off."""
        barged = BargedIn(play_id=play.play_id, onset_to_silence=duration(onset_to_silence_us))
        self.write(barged, play.turn_id)
        record_barge_in(onset_to_silence_us)
