"""Carries a call through admission, script and release."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial

from temporalio import workflow
from temporalio.exceptions import ActivityError

from cordboard.activity.v1.call_activities_pb2 import AdmitResult, ApplyCommandsInput
from cordboard.call.v1.call_pb2 import DIRECTION_OUTBOUND
from cordboard.call.v1.call_workflow_pb2 import CallInput, StartCallAnswer, StartCallInput
from cordboard.call.v1.commands_pb2 import (
    BeginCall,
    CancelCall,
    CompleteCall,
    FailCall,
    HangUp,
    SendMediaCommand,
)
from cordboard.core import phases, reasons
from cordboard.core.errors import CordboardError, InternalError, UnavailableError
from cordboard.media.v1.command_pb2 import CloseRoom, Command
from cordboard.workflows import activity_stubs
from cordboard.workflows.admission import admit, answer_of
from cordboard.workflows.agent_link import AgentLink
from cordboard.workflows.call_log import log
from cordboard.workflows.call_loop import CallLoop
from cordboard.workflows.callback import callback_script
from cordboard.workflows.caller_rules import CallerRules
from cordboard.workflows.decision_book import ENGINE
from cordboard.workflows.default_script import default_script
from cordboard.workflows.failures import to_failure
from cordboard.workflows.limits import JOIN
from cordboard.workflows.media_lane import PATIENCE, MediaLane
from cordboard.workflows.phase_index import PhaseIndex
from cordboard.workflows.registered_script import RegisteredScript
from cordboard.workflows.room_rules import RoomRules
from cordboard.workflows.timer_wheel import TimerWheel
from cordboard.workflows.tool_bench import ToolBench
from cordboard.workflows.verbs import Call, CallOver
from cordboard.workflows.voice_link import VoiceLink
from cordboard.workflows.waiting_sounds import WaitingSounds

NOT_STARTED = "NOT_STARTED"
SCRIPT_FAILED = "SCRIPT_FAILED"


class CallConductor:
    """Owns the parts of one call and the order in which they come and go."""

    def __init__(self, call: CallInput) -> None:
        self._call = call
        self._start: StartCallInput | None = None
        self._answer: StartCallAnswer | CordboardError | None = None
        self.script: Callable[[Call], Awaitable[None]] = default_script
        """What carries the call from its first media on."""
        self.loop = CallLoop(call.call_id)
        self.media = MediaLane(self.loop)
        self.voice = VoiceLink(self.loop, self.media)
        self.agent = AgentLink(self.loop)
        self.registered = RegisteredScript(self.loop, call) if call.HasField("script") else None
        if self.registered is not None:
            self.script = self.registered
        elif call.HasField("callback"):
            self.script = callback_script(call.callback)
            # No app asks for this call and waits for an answer: another call has placed it.
            self._start = StartCallInput(actor=ENGINE, request_id=call.call_id)
        self.loop.rules += [
            CallerRules(self.loop).apply,
            self.agent.apply,
            RoomRules(self.loop).apply,
            WaitingSounds(self.loop).apply,
        ]
        self.loop.reactors += [
            self.media,
            TimerWheel(self.loop),
            self.voice,
            self.agent,
            ToolBench(self.loop),
            PhaseIndex(self.loop),
        ]

    @property
    def is_started(self) -> bool:
        """Whether a start was accepted."""
        return self._start is not None

    async def admitted(self, start: StartCallInput) -> StartCallAnswer:
        """Hand over the start, and give its answer. Raises CordboardError."""
        self._start = start
        await workflow.wait_condition(lambda: self._answer is not None)
        assert self._answer is not None
        if isinstance(self._answer, CordboardError):
            raise self._answer
        return self._answer

    def cancel(self, by: str) -> None:
        """End the call from outside."""
        self.loop.post(lambda: self._end(by), pressing=True)

    def lose_node(self, node_id: str, boot_id: str) -> None:
        """Fail the call when that life of that node carries it."""

        def act() -> None:
            mine = node_id == self.loop.state.node_id and boot_id in ("", self.media.boot_id)
            if mine and not self.media.lost:
                self.media.lose()

        self.loop.post(act, pressing=True)

    async def run(self) -> None:
        """Admit the call, run its script and its loop, and return when nothing of it is left anywhere."""
        try:
            await workflow.wait_condition(lambda: self._start is not None, timeout=JOIN)
        except TimeoutError:
            self._answer = UnavailableError(NOT_STARTED, "the call was never started")
            self.loop.finish()
            await self.loop.run()
            return
        assert self._start is not None
        begins_with_talk = self.registered is None or self.registered.begins_with_talk
        # Nobody is there to be greeted before a party who is called has answered.
        begins_with_talk = begins_with_talk and self._call.direction != DIRECTION_OUTBOUND
        try:
            result = await admit(self._call, self._start, begins_with_talk=begins_with_talk)
        except CordboardError as error:
            self.loop.post(partial(self._refuse, error))
        else:
            self._adopt(result)
        conducting = asyncio.create_task(self._conduct())
        try:
            await self.loop.run()
        except ActivityError as error:
            conducting.cancel()
            await self._abandon()
            raise to_failure(InternalError("LEDGER_REFUSED", "the log does not take the call's decisions")) from error
        await conducting

    def _adopt(self, result: AdmitResult) -> None:
        """Take over what the admission decided and did, and answer the caller before anything else happens."""
        self._answer = answer_of(result)
        self.loop.journal.adopt(list(result.decisions))
        self.media.open(result.node_address, result.node_boot_id)
        for outcome in result.outcomes:
            self.loop.post(partial(self.media.settle, outcome))
        self.loop.post(self.voice.take_up)
        refused = next((outcome.reason for outcome in result.outcomes[:1] if not outcome.applied), None)
        if refused is not None:
            # Without a room there is no call, whether or not a leg was to be in it.
            self.loop.post(lambda: self._fail(refused))

    def _refuse(self, error: CordboardError) -> None:
        """Log a call that could not be admitted, and tell the caller why."""
        call = self._call
        begin = BeginCall(
            call_id=call.call_id,
            tenant=call.tenant,
            vertical=call.vertical,
            direction=call.direction,
            workflow=call.workflow,
            target=call.target,
            related_call_id=call.related_call_id,
        )
        self._answer = error
        # Two steps: when an admission that was cut off has begun the call, only the second is left to be done.
        self.loop.decide(begin)
        self.loop.decide(FailCall(reason=error.reason))

    async def _conduct(self) -> None:
        """Run the script, then release whatever the call still holds, however the script came to its end."""
        try:
            await self.script(Call(self.loop, self.voice, self.agent))
            await self.loop.ask(HangUp(reason=reasons.DONE))
        except CallOver:
            pass
        except CordboardError as error:
            await self.loop.ask(FailCall(reason=error.reason))
        except Exception:  # noqa: BLE001  # a bug in a script must not leave a room open and a caller in silence
            log.exception("the script failed")
            await self.loop.ask(FailCall(reason=SCRIPT_FAILED))
        finally:
            try:
                await self._release()
            finally:
                self.loop.finish()

    async def _release(self) -> None:
        """Take back everything: voice agent, recording, room; then finish the record."""
        await workflow.wait_condition(lambda: self.voice.idle)
        reason = self.loop.state.end_reason or reasons.CALL_ENDED
        self.voice.release(reason, finish_speaking=False)
        if self.media.room_open:
            close = SendMediaCommand(command=Command(close_room=CloseRoom(reason=reason)))
            await self.loop.ask(close, pressing=True)
        await workflow.wait_condition(
            lambda: self.loop.is_quiet and self.agent.idle and (self.media.idle or self.media.lost)
        )
        if self.loop.state.phase in phases.LIVING:
            await self.loop.ask(CompleteCall())

    async def _abandon(self) -> None:
        """Close the room of a call that cannot be logged any more."""
        state = self.loop.state
        if self.media.room_open:
            close = Command(
                call_id=state.call_id,
                placement_epoch=state.placement_epoch,
                command_seq=state.command_seq + 1,
                close_room=CloseRoom(reason=reasons.CALL_ENDED),
            )
            batch = ApplyCommandsInput(node_address=self.media.address, commands=[close])
            with contextlib.suppress(ActivityError):
                await workflow.execute_activity(
                    activity_stubs.apply_commands, batch, schedule_to_close_timeout=PATIENCE
                )

    def _fail(self, reason: str) -> None:
        self.loop.decide(FailCall(reason=reason))

    def _end(self, by: str) -> None:
        self.loop.decide(CancelCall(by=by, reason=reasons.CALL_ENDED))
