"""The verb that promises a callback, and has it placed."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from temporalio.common import RetryPolicy

from cordboard.activity.v1.call_activities_pb2 import PlaceCallbackInput
from cordboard.call.v1.call_pb2 import DIRECTION_OUTBOUND
from cordboard.call.v1.call_workflow_pb2 import CallbackPlace, CallInput
from cordboard.call.v1.commands_pb2 import BookCallback
from cordboard.core.call_state import QueuePlace
from cordboard.core.timestamps import from_us
from cordboard.workflows import activity_stubs
from cordboard.workflows.call_log import log
from cordboard.workflows.failures import from_failure
from cordboard.workflows.journal import now_us
from cordboard.workflows.media_lane import MEDIA_LOST
from cordboard.workflows.talk_verbs import TalkVerbs

_OPTIONS: Final[dict[str, Any]] = {
    "start_to_close_timeout": timedelta(seconds=5),
    # The promise was made: only a record or a Temporal that is away for so long breaks it.
    "schedule_to_close_timeout": timedelta(hours=1),
    "retry_policy": RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=10)),
}


class CallbackVerbs(TalkVerbs):
    """Callback."""

    async def promise_callback(self) -> bool:
        """Promise a callback in the caller's own place, or where the profile's calls wait; False when it cannot be."""
        waited, talk = self.state.queue, self.state.talk
        place = waited if waited is not None else QueuePlace(self.state.vertical)
        hand_over = talk.summary if talk is not None else ""
        return await self.callback(place.queue, skills=place.skills, priority=place.priority, hand_over=hand_over)

    async def callback(
        self, queue: str, *, number: str = "", skills: Iterable[str] = (), priority: int = 0, hand_over: str = ""
    ) -> bool:
        """Promise that the caller is called back; False when no number is known.

        Another call keeps the caller's place in `queue`, counted from when they began to wait, and calls `number` (the
        one that the caller gave, when empty) once a human agent is set aside. It names this one as related.
        """
        number = number or self.state.slots.callback_number
        if not number:
            return False
        await self._ask(BookCallback(number=number))
        state = self.state
        place = CallbackPlace(
            queue=queue,
            skills=sorted(skills),
            priority=priority,
            since=from_us(state.queued_at_us or now_us()),
            hand_over=hand_over,
        )
        self._place(place, number, state.call_id)
        return True

    def keep_elsewhere(self, place: CallbackPlace) -> None:
        """Have another call keep the place of this one, whose node died over the wait; the party knows nothing of it.

        Nothing happens to a call that ended otherwise, or whose party was called already.
        """
        state = self._loop.state
        if state.end_reason == MEDIA_LOST and not state.party_called:
            self._place(place, state.target, state.related_call_id)

    def _place(self, place: CallbackPlace, number: str, related_call_id: str) -> None:
        state = self._loop.state
        call = CallInput(
            tenant=state.tenant,
            vertical=state.vertical,
            direction=DIRECTION_OUTBOUND,
            target=number,
            related_call_id=related_call_id,
            callback=place,
        )
        wanted = PlaceCallbackInput(
            # One promise, one call: the number of the decision names the promise.
            request_id=str(uuid5(NAMESPACE_URL, f"cordboard:{state.call_id}/callback/{state.decisions}")),
            call=call,
        )
        self._loop.start(activity_stubs.place_callback, wanted, _placed, **_OPTIONS)


def _placed(handle: Any) -> None:
    failure = handle.exception()
    if failure is not None:
        log.error("a callback was not placed", extra={"reason": from_failure(failure).reason})
