"""What happens to a call that names no workflow of its own."""

from typing import Final

from cordboard.activity.v1.call_activities_pb2 import HandOverRules
from cordboard.core import reasons
from cordboard.workflows.bridging import HEAD_OF_QUEUE, Bridged, BridgeOutcome, priority_of
from cordboard.workflows.talk import TalkResult
from cordboard.workflows.verbs import Call
from cordboard.workflows.voicemail_verb import VoicemailOutcome

DONE: Final = "DONE"
NO_HUMAN: Final = "NO_HUMAN"
VOICEMAIL_LEFT: Final = "VOICEMAIL_LEFT"
TALK_ENDED: Final = "TALK_ENDED"

BRIDGES: Final = 2
"""An agent whose connection breaks is replaced so often, less one."""


async def default_script(call: Call) -> None:
    """Answer, ask for consent, record when it was given, let the AI agent serve the caller, or a human, hang up."""
    await call.answer()
    if await call.consent():
        await call.record()
    talk = await call.talk()
    if talk.done:
        await call.hang_up(DONE)
    elif talk.wants_human:
        await _reach_human(call, talk)
    else:
        await call.hang_up(TALK_ENDED)


async def _reach_human(call: Call, talk: TalkResult) -> None:
    rules = await call.hand_over_rules()
    priority, reason = priority_of(talk.urgency), ""
    for _ in range(BRIDGES):
        await call.enqueue(
            rules.queue or call.state.vertical,
            skills=talk.skills or rules.skills,
            priority=priority,
            hand_over=talk.summary,
            last_words=rules.handing_over,
            reason=reason,
        )
        bridged: Bridged = await call.bridge()
        if bridged.outcome == BridgeOutcome.AGENT_HUNG_UP:
            await call.hang_up(reasons.AGENT_HUNG_UP)
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
