"""What a platform team writes its own workflow with: the verbs of a call, asked for from another queue.

    @workflow.defn(name="real_estate.Viewing")
    class Viewing(Script):
        @workflow.run
        async def run(self, start: ScriptInput) -> None:
            talk = await self.call.talk()
            await self.call.hang_up("DONE" if talk.done else "TALK_ENDED")

Such a workflow runs as a child of the call, on the team's own task queue (docs/verticals.md). It asks for verbs by
signal and gets what came of them by signal; other languages do the same by the messages of `cordboard.registry.v1`.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from google.protobuf.message import Message
from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError

from cordboard.call.v1.call_pb2 import CallView, Slots
from cordboard.core import reasons
from cordboard.registry.v1 import script_contract_pb2 as contract
from cordboard.registry.v1.script_contract_pb2 import ScriptInput
from cordboard.workflows.bridging import Bridged, BridgeOutcome
from cordboard.workflows.gather_verb import Gathered
from cordboard.workflows.script_contract import SIGNAL_VERB_REQUESTED, SIGNAL_VERB_SETTLED
from cordboard.workflows.talk import TalkResult
from cordboard.workflows.voicemail_verb import VoicemailOutcome

__all__ = [
    "BridgeOutcome",
    "Bridged",
    "Call",
    "CallOver",
    "Gathered",
    "Script",
    "ScriptInput",
    "TalkResult",
    "VerbRefused",
    "VoicemailOutcome",
    "input_of",
]


class VerbRefused(ApplicationError):  # noqa: N818  # it says what happened
    """Raised by a verb that was not done; one that is let pass ends the script, and the default script goes on."""

    def __init__(self, reason: str) -> None:
        super().__init__("a verb was refused", type=reason, non_retryable=True)
        self.reason = reason
        """Stable reason, such as UNIMPLEMENTED, MISSING_CAPABILITY, WRONG_PHASE."""


class CallOver(VerbRefused):
    """Raised by a verb when the call has ended; a script may let it pass."""

    def __init__(self) -> None:
        super().__init__(reasons.CALL_OVER)


class Call:
    """A call in the hands of its registered workflow. Each verb is done once, and is safe against a hang-up."""

    def __init__(self) -> None:
        self._number = 0
        self._settled: dict[str, contract.VerbSettled] = {}
        self.slots = Slots()
        """What the AI agent learnt, as of the last talk."""

    def settle(self, settled: contract.VerbSettled) -> None:
        """Take what came of a verb."""
        self._settled[settled.verb_id] = settled

    async def answer(self) -> None:
        """Answer the call, once its caller has a leg in it."""
        await self._ask(contract.VerbRequested(answer=contract.AnswerVerb()))

    async def consent(self) -> bool:
        """Have the AI agent ask for consent to record, and tell whether it was given; no answer is a no."""
        return (await self._ask(contract.VerbRequested(consent=contract.ConsentVerb()))).consent.given

    async def record(self) -> bool:
        """Start recording, and tell whether it runs. Needs consent."""
        return (await self._ask(contract.VerbRequested(record=contract.RecordVerb()))).record.running

    async def talk(self) -> TalkResult:
        """Let the AI agent talk with the caller until the talk ends or somebody asks for a human."""
        result = (await self._ask(contract.VerbRequested(talk=contract.TalkVerb()))).talk
        self.slots = result.slots
        return TalkResult(
            outcome=result.outcome,
            urgency=result.urgency,
            summary=result.summary,
            red_line=result.red_line,
            skills=tuple(result.skills),
            escalated=result.escalated,
        )

    async def say(self, text: str) -> None:
        """Have the AI agent say a line at the next pause; nothing happens when none is there."""
        await self._ask(contract.VerbRequested(say=contract.SayVerb(text=text)))

    async def announce(self, clauses: Sequence[str]) -> bool:
        """Have an AI agent say a line and nothing else, and tell whether all of it was heard."""
        verb = contract.AnnounceVerb(clauses=clauses)
        return (await self._ask(contract.VerbRequested(announce=verb))).announce.heard

    async def gather(
        self,
        *,
        digits: int = 0,
        terminators: str = "#",
        timeout: timedelta = timedelta(seconds=10),
        inter_digit_timeout: timedelta = timedelta(seconds=4),
        prompt: Sequence[str] = (),
    ) -> Gathered:
        """Collect keys that the caller presses, at most `digits` (0: 64), up to one of `terminators`."""
        verb = contract.GatherVerb(digits=digits, terminators=terminators, prompt=prompt)
        verb.timeout.FromTimedelta(timeout)
        verb.inter_digit_timeout.FromTimedelta(inter_digit_timeout)
        result = (await self._ask(contract.VerbRequested(gather=verb))).gather
        return Gathered(result.digits, result.reason)

    async def enqueue(
        self,
        queue: str,
        *,
        skills: Iterable[str] = (),
        priority: int = 0,
        hand_over: str = "",
        last_words: Sequence[str] = (),
    ) -> None:
        """Have the call wait for a human agent who serves `queue` and has all of `skills`; higher `priority` is sooner.

        An AI agent that still talks says `last_words` and leaves first. `hand_over` is what the human has to know.
        """
        verb = contract.EnqueueVerb(
            queue=queue, skills=sorted(skills), priority=priority, hand_over=hand_over, last_words=last_words
        )
        await self._ask(contract.VerbRequested(enqueue=verb))

    async def bridge(self, *, ring: timedelta | None = None, patience: timedelta | None = None) -> Bridged:
        """Ring human agents one after the other, each for `ring`, and stay until the bridge is over.

        After `patience` nobody else is rung.
        """
        verb = contract.BridgeVerb()
        if ring is not None:
            verb.ring.FromTimedelta(ring)
        if patience is not None:
            verb.patience.FromTimedelta(patience)
        result = (await self._ask(contract.VerbRequested(bridge=verb))).bridge
        return Bridged(BridgeOutcome(result.outcome), result.agent_id)

    async def hold(self, leg_id: str) -> None:
        """Put a leg on hold: it hears nobody and is heard by nobody."""
        await self._ask(contract.VerbRequested(hold=contract.HoldVerb(leg_id=leg_id)))

    async def retrieve(self, leg_id: str) -> None:
        """Take a leg back from hold."""
        await self._ask(contract.VerbRequested(retrieve=contract.RetrieveVerb(leg_id=leg_id)))

    async def transfer(self, queue: str, *, consult: bool = False) -> None:
        """Give the caller to another queue; with `consult` the agent speaks with the other side first."""
        verb = contract.TransferVerb(queue=queue, consult=consult)
        await self._ask(contract.VerbRequested(transfer=verb))

    async def voicemail(self, *, prompt: Sequence[str], refused: Sequence[str]) -> VoicemailOutcome:
        """Have the caller leave a message after a tone; `refused` is said instead when nothing is recorded."""
        verb = contract.VoicemailVerb(prompt=prompt, refused=refused)
        return VoicemailOutcome((await self._ask(contract.VerbRequested(voicemail=verb))).voicemail.outcome)

    async def promise_callback(self) -> bool:
        """Put on record that the caller is to be called back; False when no number is known."""
        return (await self._ask(contract.VerbRequested(callback=contract.CallbackVerb()))).callback.promised

    async def look(self) -> CallView:
        """Show how the call stands."""
        return (await self._ask(contract.VerbRequested(look=contract.LookVerb()))).look.call

    async def hang_up(self, reason: str) -> None:
        """End the call once the AI agent has finished its sentence. The script may go on with work of its own."""
        await self._ask(contract.VerbRequested(hang_up=contract.HangUpVerb(reason=reason)))

    async def _ask(self, request: contract.VerbRequested) -> contract.VerbSettled:
        self._number += 1
        request.verb_id = str(self._number)
        parent = workflow.info().parent
        if parent is None:
            raise VerbRefused("NOT_A_SCRIPT")
        try:
            await workflow.get_external_workflow_handle(parent.workflow_id).signal(SIGNAL_VERB_REQUESTED, request)
        except FailureError as error:
            raise CallOver from error
        await workflow.wait_condition(lambda: request.verb_id in self._settled)
        settled = self._settled.pop(request.verb_id)
        if settled.reason == reasons.CALL_OVER:
            raise CallOver
        if settled.reason:
            raise VerbRefused(settled.reason)
        return settled


class Script:
    """What registered workflows inherit: their call, and the signal by which verbs are settled."""

    def __init__(self) -> None:
        self.call = Call()

    @workflow.signal(name=SIGNAL_VERB_SETTLED)
    def verb_settled(self, settled: contract.VerbSettled) -> None:
        """Take what came of a verb."""
        if isinstance(settled, Message):
            self.call.settle(settled)


def input_of(start: ScriptInput) -> dict[str, Any]:
    """Give the input that the call was started with; it fits the schema of the registration."""
    given: dict[str, Any] = json.loads(start.input)
    return given
