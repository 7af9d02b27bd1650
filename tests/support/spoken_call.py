"""One call of a caller process on a running stack, and all that is seen of it from outside."""

import asyncio
import json
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from call_watchers import AppWatcher, PageWatcher
from kill_point import Speaker, TurnBell
from rtp_gaps import Gap, gaps_of, less_own_stalls, packets_of

from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.call.v1.call_service_pb2_grpc import CallServiceStub
from cordboard.cli.demo.caller import CallerJob, Door
from cordboard.cli.demo.caller_process import CallerProcess
from cordboard.cli.demo.script import Script, load_script
from cordboard.cli.supervision.stack import Stack
from cordboard.core.event_message import occurred_us, unpack
from cordboard.core.fold import is_decision_envelope
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.runtime.grpc_channel import open_user_channel
from cordboard.runtime.identity import UserTokenIssuer

VERTICAL = "healthcare"
SCOPES = ("calls:read", "phi")
_FRESH_S = 0.4
"""A turn that is heard of later is not seen as beginning now."""

_ENDS = (decisions.CallCompleted, decisions.CallAbandoned, decisions.CallFailed, decisions.CallCancelled)


@dataclass(frozen=True, slots=True)
class Span:
    """Time in which somebody spoke, in seconds since the Unix epoch."""

    speaker: Speaker
    began: float
    ended: float


class SpokenCall:
    """A caller who is ready to call, then their call. Use as a context; the caller is gone when it is left."""

    def __init__(self, stack: Stack, name: str, script: Path) -> None:
        self.name = name
        self.script: Script = load_script(script)
        self.call_id = ""
        self.answered = 0.0
        """When the gateway had answered, by the monotonic clock."""
        self.over = asyncio.Event()
        self.turns = TurnBell()
        self.report: dict[str, Any] = {}
        self._stack = stack
        # A clinic of its own, so that no two callers want the same appointment.
        self._tenant = f"clinic-{name}"
        self._clauses: dict[str, int] = {}
        self._plays: dict[str, float] = {}
        self._held = AsyncExitStack()

    async def __aenter__(self) -> Self:
        home = self._stack.directory.root
        self.out = home / "calls" / self.name
        job = CallerJob(script=self.script.source, speech=str(home / "speech"), out=str(self.out), hear_again=False)
        log = home / "logs" / f"caller-{self.name}.log"
        self._caller = await self._held.enter_async_context(CallerProcess.start(job, log, self._notice))
        await self._caller.ready()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.turns.close()
        await self._held.aclose()

    async def call(self) -> None:
        """Call, and watch the call from here on."""
        token = self._mint("caller", "calls:start")
        self.call_id = await self._caller.call(Door(self._stack.gateway_http, token))
        self.answered = time.monotonic()
        channel = open_user_channel(self._stack.gateway_grpc, self._mint("app", *SCOPES))
        self._held.push_async_callback(channel.close)
        self.app = AppWatcher(CallServiceStub(channel), self.call_id, self._see)
        self.page = PageWatcher(lambda: self._stack.gateway_http, self.call_id, self._mint("app", *SCOPES))
        self._watch(self.page.run())
        self._watching = self._watch(self.app.run())

    async def finish(self) -> None:
        """Wait for the caller's report and for the end of the call as the watching app sees it."""
        self.report = await self._caller.report()
        await self._watching

    @property
    def in_flight(self) -> bool:
        """Whether the call was answered and is not over."""
        return bool(self.call_id) and not self.over.is_set()

    def token(self) -> str:
        """Mint a token of an app that may read this call."""
        return self._mint("app", *SCOPES, "calls:start")

    def rtp_gaps(self) -> list[Gap]:
        """Give the gaps in what the caller received, less those that the caller's own process made."""
        times = json.loads((self.out / "times.json").read_text(encoding="utf-8"))
        return less_own_stalls(gaps_of(packets_of(times["received"])), times["held_up"])

    def spoken(self, envelopes: list[Envelope]) -> list[Span]:
        """Tell who spoke when: the caller by their own report, the AI by what the node put on record."""
        spans = [Span(Speaker.CALLER, one["started"], one["ended"]) for one in self.report["conversation"]["said"]]
        began: dict[str, float] = {}
        for envelope in envelopes:
            event, at = unpack(envelope), occurred_us(envelope) / 1e6
            if isinstance(event, facts.PlayoutStarted):
                began[event.play_id] = at
            elif isinstance(event, facts.PlayoutEnded) and event.play_id in began:
                spans.append(Span(Speaker.AI, began[event.play_id], at))
        return spans

    def _mint(self, role: str, *scopes: str) -> str:
        issuer = UserTokenIssuer.load(self._stack.directory.keys)
        return issuer.mint(role=role, tenant=self._tenant, vertical=VERTICAL, scopes=scopes)

    def _watch(self, work: Any) -> "asyncio.Task[None]":
        task: asyncio.Task[None] = asyncio.ensure_future(work)

        async def stop() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self._held.push_async_callback(stop)
        return task

    def _notice(self, message: dict[str, Any]) -> None:
        if message["event"] == "choice" and message["move"] == "SAY":
            variants = self.script.lines[message["line"]]
            self.turns.begin(Speaker.CALLER, min(map(len, variants)))

    def _see(self, envelope: Envelope) -> None:
        event, at = unpack(envelope), occurred_us(envelope) / 1e6
        if isinstance(event, facts.ReplyPlanned):
            self._clauses[event.play_id] = len(" ".join(event.clauses))
            self._begin_play(event.play_id)
        elif isinstance(event, facts.PlayoutStarted):
            self._plays[event.play_id] = at
            self._begin_play(event.play_id)
        elif isinstance(event, facts.PlayoutEnded) and event.flushed:
            self.turns.cut(Speaker.AI)
        elif isinstance(event, _ENDS) and is_decision_envelope(envelope):
            self.over.set()
            self.turns.close()

    def _begin_play(self, play_id: str) -> None:
        """Ring once both are known: that a play began, and how long it is. They come from two processes."""
        if play_id in self._clauses and play_id in self._plays and time.time() - self._plays[play_id] < _FRESH_S:
            self.turns.begin(Speaker.AI, self._clauses.pop(play_id))
