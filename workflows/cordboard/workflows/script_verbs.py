"""The verbs that a registered workflow asks for by message, carried out by the verbs of the call."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from google.protobuf.duration_pb2 import Duration

from cordboard.core import phases, reasons
from cordboard.core.errors import InvalidError, UnimplementedError, WrongStateError
from cordboard.core.view import to_slots, to_view
from cordboard.registry.v1 import script_contract_pb2 as contract
from cordboard.workflows.limits import POLICY
from cordboard.workflows.script_contract import CAPABILITIES, FREE
from cordboard.workflows.verbs import Call

LONGEST_LINE: Final = 2_000
"""Characters of a line that is spoken."""
_BEFORE_ANSWER: Final = FREE | {"answer", "hang_up"}
LONGEST_WAIT: Final = timedelta(hours=1)


async def carry_out(call: Call, request: contract.VerbRequested, capabilities: frozenset[str]) -> contract.VerbSettled:
    """Do what a script asks for, and give what came of it.

    Raises CallOver, UnimplementedError, WrongStateError(MISSING_CAPABILITY) and what the verb raises.
    """
    settled = contract.VerbSettled(verb_id=request.verb_id)
    name = request.WhichOneof("verb") or ""
    verb = _VERBS.get(name)
    if verb is None or name not in CAPABILITIES | FREE:
        # A verb of a newer contract arrives without a name.
        raise UnimplementedError(UNIMPLEMENTED, "this build has no such verb", verb=name)
    if name not in capabilities | FREE:
        raise WrongStateError(reasons.MISSING_CAPABILITY, "the registration does not name the verb", verb=name)
    if name not in _BEFORE_ANSWER and call.state.phase in phases.SETTING_UP:
        # Whatever is done with a caller waits for them to be there.
        await call.answer()
    await verb(call, getattr(request, name), settled)
    return settled


UNIMPLEMENTED: Final = "UNIMPLEMENTED"


async def _answer(call: Call, _: contract.AnswerVerb, __: contract.VerbSettled) -> None:
    await call.answer()


async def _consent(call: Call, _: contract.ConsentVerb, settled: contract.VerbSettled) -> None:
    settled.consent.given = await call.consent()


async def _record(call: Call, _: contract.RecordVerb, settled: contract.VerbSettled) -> None:
    settled.record.running = await call.record()


async def _talk(call: Call, _: contract.TalkVerb, settled: contract.VerbSettled) -> None:
    talk = await call.talk()
    result = contract.TalkVerbResult(
        outcome=talk.outcome,
        urgency=talk.urgency,
        summary=talk.summary,
        red_line=talk.red_line,
        skills=talk.skills,
        escalated=talk.escalated,
        slots=to_slots(call.state.slots),
    )
    settled.talk.CopyFrom(result)


async def _say(call: Call, verb: contract.SayVerb, _: contract.VerbSettled) -> None:
    _check_line(verb.text)
    await call.say(verb.text)


async def _announce(call: Call, verb: contract.AnnounceVerb, settled: contract.VerbSettled) -> None:
    _check_line(" ".join(verb.clauses))
    settled.announce.heard = await call.announce(list(verb.clauses))


async def _gather(call: Call, verb: contract.GatherVerb, settled: contract.VerbSettled) -> None:
    options: dict[str, Any] = {"digits": verb.digits, "prompt": list(verb.prompt)}
    if verb.terminators:
        options["terminators"] = verb.terminators
    for name in ("timeout", "inter_digit_timeout"):
        if verb.HasField(name):
            options[name] = _wait_of(getattr(verb, name))
    gathered = await call.gather(**options)
    settled.gather.CopyFrom(contract.GatherResult(digits=gathered.digits, reason=gathered.reason))


async def _enqueue(call: Call, verb: contract.EnqueueVerb, _: contract.VerbSettled) -> None:
    await call.enqueue(
        verb.queue,
        skills=verb.skills,
        priority=verb.priority,
        hand_over=verb.hand_over,
        last_words=list(verb.last_words),
    )


async def _bridge(call: Call, verb: contract.BridgeVerb, settled: contract.VerbSettled) -> None:
    ring = _wait_of(verb.ring) if verb.HasField("ring") else POLICY.ring
    patience = _wait_of(verb.patience) if verb.HasField("patience") else POLICY.patience
    bridged = await call.bridge(ring=ring, patience=patience)
    settled.bridge.CopyFrom(contract.BridgeResult(outcome=bridged.outcome, agent_id=bridged.agent_id))


async def _hold(call: Call, verb: contract.HoldVerb, _: contract.VerbSettled) -> None:
    await call.hold(verb.leg_id)


async def _retrieve(call: Call, verb: contract.RetrieveVerb, _: contract.VerbSettled) -> None:
    await call.retrieve(verb.leg_id)


async def _voicemail(call: Call, verb: contract.VoicemailVerb, settled: contract.VerbSettled) -> None:
    for line in (verb.prompt, verb.refused):
        _check_line(" ".join(line))
    settled.voicemail.outcome = await call.voicemail(prompt=list(verb.prompt), refused=list(verb.refused))


async def _callback(call: Call, _: contract.CallbackVerb, settled: contract.VerbSettled) -> None:
    settled.callback.promised = await call.promise_callback()


async def _hang_up(call: Call, verb: contract.HangUpVerb, _: contract.VerbSettled) -> None:
    if not _is_reason(verb.reason):
        raise InvalidError(reasons.FIELD_INVALID, "the reason is not in UPPER_SNAKE", field="reason")
    await call.hang_up(verb.reason)


async def _look(call: Call, _: contract.LookVerb, settled: contract.VerbSettled) -> None:
    settled.look.call.CopyFrom(to_view(call.state, phi=True))


_VERBS: Final[Mapping[str, Callable[[Call, Any, contract.VerbSettled], Awaitable[None]]]] = MappingProxyType(
    {
        "answer": _answer,
        "consent": _consent,
        "record": _record,
        "talk": _talk,
        "say": _say,
        "announce": _announce,
        "gather": _gather,
        "enqueue": _enqueue,
        "bridge": _bridge,
        "hold": _hold,
        "retrieve": _retrieve,
        "voicemail": _voicemail,
        "callback": _callback,
        "hang_up": _hang_up,
        "look": _look,
    }
)


def _check_line(text: str) -> None:
    if not text.strip() or len(text) > LONGEST_LINE:
        raise InvalidError(reasons.FIELD_INVALID, "the line is empty or too long", field="text")


def _wait_of(duration: Duration) -> timedelta:
    wait = duration.ToTimedelta()
    if not timedelta(0) < wait <= LONGEST_WAIT:
        raise InvalidError(reasons.FIELD_INVALID, "the time is not between nothing and an hour", field="duration")
    return wait


def _is_reason(text: str) -> bool:
    plain = text.replace("_", "")
    return 0 < len(text) <= 64 and plain.isascii() and plain.isalnum() and plain.upper() == plain
