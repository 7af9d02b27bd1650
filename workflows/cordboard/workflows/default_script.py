"""What happens to a call that names no workflow of its own."""

from typing import Final

from cordboard.activity.v1.call_activities_pb2 import HandOverRules
from cordboard.call.v1.call_pb2 import (
    CONSENT_ASKED,
    CONSENT_GIVEN,
    CONSENT_UNSPECIFIED,
    PHASE_AGENT_ALERTING,
    PHASE_AGENT_CONNECTED,
    PHASE_CALLBACK_BOOKED,
    PHASE_QUEUED,
    PHASE_VOICEMAIL,
    RECORDING_STATE_UNSPECIFIED,
)
from cordboard.core import reasons
from cordboard.core.call_state import Slots
from cordboard.workflows.bridging import HEAD_OF_QUEUE, Bridged, BridgeOutcome, priority_of
from cordboard.workflows.talk import TalkResult
from cordboard.workflows.verbs import Call
from cordboard.workflows.voicemail_verb import VoicemailOutcome

DONE: Final = "DONE"
NO_HUMAN: Final = "NO_HUMAN"
VOICEMAIL_LEFT: Final = "VOICEMAIL_LEFT"
TALK_ENDED: Final = "TALK_ENDED"

_WITH_HUMANS: Final = frozenset({PHASE_QUEUED, PHASE_AGENT_ALERTING, PHASE_AGENT_CONNECTED})
_PROMISED: Final = frozenset({PHASE_VOICEMAIL, PHASE_CALLBACK_BOOKED})

BRIDGES: Final = 2
"""An agent whose connection breaks is replaced so often, less one."""


async def default_script(call: Call) -> None:
    """Answer, ask for consent, record when it was given, let the AI agent serve the caller, or a human, hang up."""
    await call.answer()
    if await call.consent():
        await call.record()
    await _conclude(call, await call.talk())


async def carry_on(call: Call) -> None:
    """Serve a caller whose registered workflow gave out, from wherever the call is by then."""
    if call.state.phase in _WITH_HUMANS:
        await _reach_human(call, TalkResult.of(call.state), waiting=True)
        return
    if call.state.phase in _PROMISED:
        await call.hang_up(DONE)
        return
    await call.answer()
    talk = TalkResult.of(call.state)
    # A line that was only announced has the same outcome as a talk in which all was done.
    served = talk.done and call.state.slots != Slots()
    if not served and not talk.wants_human:
        given = call.state.consent == CONSENT_GIVEN
        if call.state.consent in (CONSENT_UNSPECIFIED, CONSENT_ASKED):
            given = await call.consent()
        if given and call.state.recording == RECORDING_STATE_UNSPECIFIED:
            await call.record()
        talk = await call.talk()
    await _conclude(call, talk)


async def _conclude(call: Call, talk: TalkResult) -> None:
    if talk.done:
        await call.hang_up(DONE)
    elif talk.wants_human:
        await _reach_human(call, talk)
    else:
        await call.hang_up(TALK_ENDED)


async def _reach_human(call: Call, talk: TalkResult, *, waiting: bool = False) -> None:
    """Bring a human agent in; a caller who is `waiting` has a place in a queue, or an agent, already."""
    rules = await call.hand_over_rules()
    priority, reason = priority_of(talk.urgency), ""
    for _ in range(BRIDGES):
        if not waiting:
            await call.enqueue(
                rules.queue or call.state.vertical,
                skills=talk.skills or rules.skills,
                priority=priority,
                hand_over=talk.summary,
                last_words=rules.handing_over,
                reason=reason,
            )
        waiting = False
        bridged: Bridged = await call.bridge()
        if bridged.outcome == BridgeOutcome.AGENT_HUNG_UP:
            await call.hang_up(reasons.AGENT_HUNG_UP)
            return
        if bridged.outcome == BridgeOutcome.HANDED_BACK:
            await _conclude(call, await call.talk())
            return
        if bridged.outcome == BridgeOutcome.NOBODY:
            break
        priority, reason = HEAD_OF_QUEUE, bridged.outcome.value
    await _without_human(call, rules)


async def _without_human(call: Call, rules: HandOverRules) -> None:
    """Promise a callback, take a message, or say that nobody is free: the first that is possible, and true."""
    if rules.callback_promised and await call.promise_callback():
        await call.announce(rules.callback_promised)
    elif rules.voicemail:
        outcome = await call.voicemail(prompt=rules.voicemail, refused=rules.voicemail_refused)
        if outcome == VoicemailOutcome.LEFT:
            await call.hang_up(VOICEMAIL_LEFT)
            return
    else:
        await call.announce(rules.nobody_free)
    await call.hang_up(NO_HUMAN)
