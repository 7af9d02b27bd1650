"""Runs the registered workflow of a call as its child, and takes over when that does not do its part."""

import asyncio
from datetime import timedelta
from functools import partial

from google.protobuf.message import Message
from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, FailureError
from temporalio.workflow import ChildWorkflowCancellationType, ChildWorkflowHandle, ParentClosePolicy

from cordboard.activity.v1.script_activities_pb2 import InspectScriptInput, ScriptCondition
from cordboard.call.v1.call_workflow_pb2 import CallInput
from cordboard.call.v1.script_pb2 import AbandonScript, PinScript
from cordboard.core import phases, reasons
from cordboard.core.errors import CordboardError, WrongStateError
from cordboard.registry.v1.script_contract_pb2 import ScriptInput, VerbRequested, VerbSettled
from cordboard.workflows import activity_stubs, names
from cordboard.workflows import script_contract as contract
from cordboard.workflows.call_log import log
from cordboard.workflows.call_loop import CallLoop
from cordboard.workflows.default_script import carry_on
from cordboard.workflows.durable_verbs import CallOver
from cordboard.workflows.script_verbs import carry_out
from cordboard.workflows.verbs import Call

STALLED = timedelta(seconds=15)
"""So long a script that has begun may say nothing before somebody looks whether its worker is there."""
_LOOK = timedelta(seconds=2)

_Child = ChildWorkflowHandle[object, None]


class RegisteredScript:
    """The script of a call that names a registered workflow."""

    def __init__(self, loop: CallLoop, call: CallInput) -> None:
        self._loop = loop
        self._call = call
        self._pinned = call.script
        self._capabilities = frozenset(call.script.capabilities)
        self._waiting: list[VerbRequested] = []
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._settled: dict[str, VerbSettled] = {}
        self._asked = 0
        self._hung_up = False
        """Whether the script itself ended the call; then it may finish its own work."""
        self._child: _Child | None = None

    @property
    def begins_with_talk(self) -> bool:
        """Whether the AI agent may greet and ask for consent before the script has begun."""
        return "consent" in self._capabilities

    def request(self, request: Message | None) -> None:
        """Take a request of the script. What is no request, or comes when the script is given up, changes nothing."""
        if isinstance(request, VerbRequested) and request.verb_id:
            self._asked += 1
            self._waiting.append(request)

    async def __call__(self, call: Call) -> None:
        """Carry the call by the registered workflow; by the default script from where that gives out."""
        try:
            await self._loop.ask(PinScript(script=self._pinned))
        except WrongStateError as error:
            raise CallOver from error
        lost = await self._run(call)
        if lost:
            await self._loop.ask(AbandonScript(reason=lost))
            await carry_on(call)

    async def _run(self, call: Call) -> str:
        """Run the child to its end, and give why it was given up; empty when it did its part. Raises CallOver."""
        try:
            child = self._child = await self._start()
        except FailureError:
            return contract.SCRIPT_FAILED
        try:
            lost = await self._serve(call, child)
            if not lost:
                # What ends with the call is told, too; and a script may return before its last verb is done.
                await workflow.wait_condition(lambda: not self._under_way)
        finally:
            for task in self._under_way.values():
                task.cancel()
            if not child.done() and not self._hung_up:
                child.cancel()
        if not lost and self._is_over():
            raise CallOver
        return lost

    async def _start(self) -> _Child:
        call = self._call
        start = ScriptInput(
            call_id=call.call_id,
            tenant=call.tenant,
            vertical=call.vertical,
            name=self._pinned.name,
            version=self._pinned.version,
            direction=call.direction,
            target=call.target,
            input=call.input,
        )
        child: _Child = await workflow.start_child_workflow(
            self._pinned.workflow_type,
            start,
            id=contract.script_workflow_id(call.call_id, self._pinned.name),
            task_queue=self._pinned.task_queue,
            execution_timeout=names.EXECUTION_TIMEOUT,
            parent_close_policy=ParentClosePolicy.ABANDON,
            cancellation_type=ChildWorkflowCancellationType.TRY_CANCEL,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        )
        return child

    async def _serve(self, call: Call, child: _Child) -> str:
        """Do what the script asks for until it ends, the call ends, or the script gives out; then tell why."""
        idle = timedelta(0)
        patience = self._pinned.patience.ToTimedelta() or contract.DEFAULT_PATIENCE
        while True:
            self._take_up(call)
            if self._is_over():
                return ""
            if child.done():
                failed = child.cancelled() or child.exception() is not None
                return contract.SCRIPT_FAILED if failed else ""
            busy = bool(self._under_way)
            wait = self._next_look(idle, patience)
            try:
                news = partial(self._has_news, child, busy=busy)
                await workflow.wait_condition(news, timeout=None if busy else wait)
            except TimeoutError:
                idle += wait
                lost = await self._inspect(child)
                if lost or (idle >= patience and not self._has_news(child, busy=busy)):
                    return lost or contract.SCRIPT_SILENT
            else:
                idle = timedelta(0)

    def _next_look(self, idle: timedelta, patience: timedelta) -> timedelta:
        """How long to wait until somebody looks after a script that asks for nothing."""
        first = STALLED if self._asked else contract.FIRST_TASK
        return min(first, patience) if not idle else max(patience - idle, timedelta(seconds=1))

    def _has_news(self, child: _Child, *, busy: bool) -> bool:
        return bool(self._waiting) or child.done() or self._is_over() or bool(self._under_way) != busy

    async def _inspect(self, child: _Child) -> str:
        """Have somebody look after a script that says nothing; nobody knowing is no reason to give it up."""
        try:
            condition: ScriptCondition = await workflow.execute_activity(
                activity_stubs.inspect_script,
                InspectScriptInput(workflow_id=child.id),
                start_to_close_timeout=_LOOK,
                schedule_to_close_timeout=2 * _LOOK,
            )
        except ActivityError:
            return ""
        return condition.reason

    def _take_up(self, call: Call) -> None:
        """Begin what was asked for; what was asked for before is told again."""
        waiting, self._waiting = self._waiting, []
        for request in waiting:
            verb_id = request.verb_id
            if verb_id in self._under_way:
                continue
            before = self._settled.get(verb_id)
            if before is None and len(self._under_way) >= contract.MAX_UNDER_WAY:
                before = VerbSettled(verb_id=verb_id, reason=contract.TOO_MANY_VERBS)
            work = self._tell(before) if before is not None else self._do(call, request)
            task = asyncio.create_task(work)
            self._under_way[verb_id] = task
            task.add_done_callback(partial(self._forget, verb_id))

    def _forget(self, verb_id: str, _: object) -> None:
        self._under_way.pop(verb_id, None)

    async def _do(self, call: Call, request: VerbRequested) -> None:
        try:
            settled = await carry_out(call, request, self._capabilities)
        except CallOver:
            settled = VerbSettled(verb_id=request.verb_id, reason=reasons.CALL_OVER)
        except CordboardError as error:
            settled = VerbSettled(verb_id=request.verb_id, reason=error.reason)
        except Exception:  # noqa: BLE001  # a bug in one verb must not end the call for its people
            log.exception("a verb failed")
            settled = VerbSettled(verb_id=request.verb_id, reason="INTERNAL")
        else:
            self._hung_up = self._hung_up or request.HasField("hang_up")
        self._settled[request.verb_id] = settled
        await self._tell(settled)

    async def _tell(self, settled: VerbSettled) -> None:
        child = self._child
        if child is None or child.done():
            return
        try:
            await child.signal(contract.SIGNAL_VERB_SETTLED, settled)
        except FailureError:
            # It ended meanwhile, and needs no answer.
            log.info("a script was gone before it was told")

    def _is_over(self) -> bool:
        return self._loop.state.phase not in phases.OPEN
