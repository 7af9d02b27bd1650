"""How promptly the agent answers and falls silent, as figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cordboard.cli.bench.figure import Bar, Figure
from cordboard.cli.bench.spread import Spread, stages_of
from cordboard.cli.demo.story import Measured

REPLY_P50_MS, REPLY_P95_MS = 700.0, 1000.0
OWN_SHARE_MS = 60.0
BARGE_IN_P95_MS = 250.0
# What is not the engine's own: it waits for the caller, computes speech or text, or is a tool of the vertical pack.
NOT_ITS_OWN = frozenset({"end_of_turn_wait", "asr", "dialogue", "tool", "tts_first_byte"})


@dataclass(frozen=True, slots=True)
class Turn:
    """One line of a caller and the agent's answer to it.

    `reply_ms` runs from the end of speech as sent to the first audible frame as received, None when nothing came in
    time; `stages_ms` are the agent's own measurements of the same turn. `heard_late_ms` tells how much later than it
    was spoken the end of speech was for the agent.
    """

    line: str
    reply_ms: float | None
    talked_over: bool = False
    premature: bool = False
    split: bool = False
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    heard_late_ms: float | None = None

    @property
    def own_share_ms(self) -> float | None:
        """What is left of the reply's time without waiting and computing; None when a part is not known."""
        if self.reply_ms is None or "end_of_turn_wait" not in self.stages_ms:
            return None
        return self.reply_ms - sum(took for name, took in self.stages_ms.items() if name in NOT_ITS_OWN)

    @property
    def outside_ms(self) -> Mapping[str, float]:
        """What the caller waited beyond what the agent measured."""
        if self.reply_ms is None or not self.stages_ms:
            return {}
        outside = self.reply_ms - sum(self.stages_ms.values())
        if self.heard_late_ms is None:
            return {"outside of the agent's own clock": outside}
        return {
            "end of speech noticed late (Opus, network, voice activity)": self.heard_late_ms,
            "reply on the wire to its first sound at the caller": outside - self.heard_late_ms,
        }


@dataclass(frozen=True, slots=True)
class BargeIn:
    """One interruption.

    `silence_ms` runs from the onset of the caller's speech as sent to the node's last packet of the agent's speech,
    None when the agent went on to the end; `stages_ms` say how it is made up.
    """

    silence_ms: float | None
    at_caller_ms: float | None = None
    stages_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class VoiceRun:
    """All turns and interruptions, and the calls that failed."""

    turns: list[Turn] = field(default_factory=list)
    barge_ins: list[BargeIn] = field(default_factory=list)
    calls: int = 0
    failed: int = 0


def turns_of(report: Mapping[str, Any], measured: Sequence[Measured], heard_ends: Mapping[str, float]) -> list[Turn]:
    """Join a caller's report with what the agent measured: a turn was measured before the next line began.

    `heard_ends` gives by turn when its speech ended for the agent, in seconds since the Unix epoch.
    """
    said = report["conversation"]["said"]
    turns = []
    for number, (time, line) in enumerate(zip(report["turns"], said, strict=True)):
        until = said[number + 1]["started"] if number + 1 < len(said) else float("inf")
        own = [one for one in measured if line["started"] <= one.at < until]
        ended = heard_ends.get(own[-1].turn_id) if own else None
        turns.append(
            Turn(
                line=time["line"],
                reply_ms=time["caller_end_to_first_audio_ms"],
                talked_over=time["talked_over"],
                premature=any(one.premature for one in own),
                split=len(own) > 1 or any(one.split for one in own),
                stages_ms=own[-1].stages if own else {},
                heard_late_ms=None if ended is None else (ended - line["ended"]) * 1000,
            )
        )
    return turns


def voice_figures(run: VoiceRun) -> list[Figure]:
    """Give every figure of turns and interruptions."""
    return [_reply(run), _own_share(run.turns), *_barge_in(run.barge_ins)]


def _reply(run: VoiceRun) -> Figure:
    answered = [turn for turn in run.turns if turn.reply_ms is not None]
    return Figure(
        "end of speech to first audio of the reply",
        "ms",
        Spread.of(turn.reply_ms for turn in answered if turn.reply_ms is not None),
        (Bar("p50", "<", REPLY_P50_MS), Bar("p95", "<", REPLY_P95_MS)),
        {**stages_of([turn.stages_ms for turn in answered]), **stages_of([turn.outside_ms for turn in answered])},
        counts={
            "turns": len(run.turns),
            "premature": sum(turn.premature or turn.talked_over for turn in run.turns),
            "split": sum(turn.split for turn in run.turns),
            "without a timed answer": len(run.turns) - len(answered),
            "calls": run.calls,
            "failed calls": run.failed,
        },
        note="as sent and received by a caller over WebRTC; audible means a decoded frame above -50 dBov",
    )


def _own_share(turns: Sequence[Turn]) -> Figure:
    known = [turn for turn in turns if turn.own_share_ms is not None]
    return Figure(
        "the engine's own share of it",
        "ms",
        Spread.of(turn.own_share_ms for turn in known if turn.own_share_ms is not None),
        (Bar("p50", "<", OWN_SHARE_MS),),
        {
            name: spread
            for name, spread in stages_of([turn.stages_ms for turn in known]).items()
            if name not in NOT_ITS_OWN
        }
        | stages_of([turn.outside_ms for turn in known]),
        note="all but end-of-turn wait, speech recognition, dialogue, tools and speech synthesis",
    )


def _barge_in(barge_ins: Sequence[BargeIn]) -> list[Figure]:
    stopped = [one for one in barge_ins if one.silence_ms is not None]
    return [
        Figure(
            "barge-in: onset to silence at the node's egress",
            "ms",
            Spread.of(one.silence_ms for one in stopped if one.silence_ms is not None),
            (Bar("p95", "<", BARGE_IN_P95_MS),),
            stages_of([one.stages_ms for one in stopped]),
            counts={"interruptions": len(barge_ins), "that did not stop the agent": len(barge_ins) - len(stopped)},
            note="from the first audible sample as the caller's microphone had it",
        ),
        Figure(
            "barge-in: onset to the last audible frame at the caller",
            "ms",
            Spread.of(one.at_caller_ms for one in stopped if one.at_caller_ms is not None),
        ),
    ]
