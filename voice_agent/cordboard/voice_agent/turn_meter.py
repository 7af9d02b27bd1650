"""What the stages of one turn took, from the end of the caller's speech to the first audio of the reply."""

from dataclasses import dataclass

from google.protobuf.duration_pb2 import Duration

from cordboard.call.v1.call_pb2 import StageTime
from cordboard.call.v1.facts_pb2 import TurnMeasured
from cordboard.voice_agent.endpointing import TurnEnded
from cordboard.voice_agent.media_clock import MediaClock


@dataclass(slots=True)
class TurnMeter:
    """Times of one turn in local microseconds; the stages add up to the whole."""

    turn_id: str
    speech_ended_us: int
    lag_us: int
    text_waited_us: int
    decided_us: int
    thought_us: int = 0
    tool_us: int = 0
    first_sent_us: int = 0
    started_us: int = 0
    premature: bool = False
    split: bool = False

    @classmethod
    def begin(cls, turn_id: str, ended: TurnEnded, clock: MediaClock, *, heard_us: int, now_us: int) -> "TurnMeter":
        """Start at the end of a turn. `heard_us` is the media time up to which the leg was heard."""
        lag_us = max(0, now_us - clock.to_local(heard_us))
        # Counted on the leg's own timeline: the label of a heard frame may be later than its sound.
        waited_us = heard_us - ended.ended_us
        return cls(turn_id, now_us - lag_us - waited_us, lag_us, max(0, waited_us - ended.wait_us), now_us)

    def measured(self) -> TurnMeasured:
        """Give the fact to log; stages that were not reached are left out."""
        total_us = self.started_us - self.speech_ended_us if self.started_us else 0
        return TurnMeasured(
            turn_id=self.turn_id,
            speech_end_to_reply=duration(total_us),
            stages=[StageTime(stage=name, took=duration(took_us)) for name, took_us in self.stages()],
            premature=self.premature,
            split=self.split,
        )

    def stages(self) -> list[tuple[str, int]]:
        """Give the stages in order with the microseconds they took."""
        whole_wait_us = self.decided_us - self.speech_ended_us
        stages = [
            ("capture", self.lag_us),
            ("end_of_turn_wait", max(0, whole_wait_us - self.lag_us - self.text_waited_us)),
            ("asr", self.text_waited_us),
            ("dialogue", self.thought_us),
        ]
        if self.tool_us:
            stages.append(("tool", self.tool_us))
        if self.first_sent_us:
            spent_us = self.decided_us + self.thought_us + self.tool_us
            stages.append(("tts_first_byte", max(0, self.first_sent_us - spent_us)))
        if self.started_us:
            stages.append(("transport", max(0, self.started_us - self.first_sent_us)))
        return stages


def duration(microseconds: int) -> Duration:
    """Give microseconds as a protobuf duration, never a negative one."""
    took = Duration()
    took.FromMicroseconds(max(0, microseconds))
    return took
