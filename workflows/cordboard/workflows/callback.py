"""What happens to a call that keeps a place for one who is to be called back."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from cordboard.call.v1.call_workflow_pb2 import CallbackPlace
from cordboard.core import reasons
from cordboard.workflows.bridging import BridgeOutcome
from cordboard.workflows.verbs import Call, CallOver

NO_HUMAN: Final = "NO_HUMAN"

PATIENCE: Final = timedelta(seconds=90)
"""One who is called back waits no longer for an agent who was set aside and does not come after all."""


def callback_script(place: CallbackPlace) -> Callable[[Call], Awaitable[None]]:
    """Make the script: wait in the place, call when a human agent is set aside, bring the two together."""

    async def script(call: Call) -> None:
        try:
            await call.keep_place(place.queue, skills=place.skills, priority=place.priority, since=place.since)
            await call.answer()
        except CallOver:
            call.keep_elsewhere(place)
            raise
        rules = await call.hand_over_rules()
        await call.enqueue(place.queue, skills=place.skills, priority=place.priority, hand_over=place.hand_over)
        bridged = await call.bridge(patience=PATIENCE)
        if bridged.outcome == BridgeOutcome.AGENT_HUNG_UP:
            await call.hang_up(reasons.AGENT_HUNG_UP)
            return
        await call.announce(rules.nobody_free)
        await call.hang_up(NO_HUMAN)

    return script
