"""The conversations of this process."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import date

from cordboard.core.errors import ExhaustedError, NotFoundError
from cordboard.voice.v1.voice_agent_service_pb2 import EngageRequest
from cordboard.voice_agent.audio_port import AudioPort
from cordboard.voice_agent.conversation import Conversation, Engines
from cordboard.voice_agent.engagement import Engagement
from cordboard.voice_agent.fact_log import FactLog

_log = logging.getLogger(__name__)

CAPACITY = 8
REQUESTS_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a roster gives each conversation."""

    engines: Engines
    open_port: Callable[[EngageRequest], AudioPort]
    open_log: Callable[[str], FactLog]
    clock_us: Callable[[], int]
    new_id: Callable[[], str]
    today: Callable[[], date]


@dataclass(frozen=True, slots=True)
class _Seat:
    request_id: str
    conversation: Conversation
    task: "asyncio.Task[None]"


class Roster:
    """Starts conversations, finds them by call, and ends them."""

    def __init__(self, surroundings: Surroundings, capacity: int = CAPACITY) -> None:
        """Take what conversations need, and how many may run at once."""
        self.capacity = capacity
        self.draining = False
        self._surroundings = surroundings
        self._seats: dict[str, _Seat] = {}
        self._requests: OrderedDict[str, str] = OrderedDict()
        self._background: set[asyncio.Task[None]] = set()

    @property
    def load(self) -> int:
        """How many conversations run."""
        return len(self._seats)

    @property
    def free(self) -> int:
        """How many more conversations may begin."""
        return max(0, self.capacity - self.load)

    def engage(self, request: EngageRequest) -> None:
        """Join a call and return at once; a repeated request joins once.

        Raises InvalidError(PROFILE_UNKNOWN) or ExhaustedError(AGENT_FULL).
        """
        if request.request_id in self._requests:
            return
        engagement = Engagement.of(request, self._surroundings.today())
        if (self.draining or not self.free) and request.call_id not in self._seats:
            raise ExhaustedError("AGENT_FULL", "this voice agent takes no more calls")
        self._leave(request.call_id)
        self._remember(request)
        surroundings = self._surroundings
        conversation = Conversation(
            engagement,
            surroundings.engines,
            surroundings.open_port(request),
            surroundings.open_log(request.call_id),
            clock_us=surroundings.clock_us,
            new_id=surroundings.new_id,
        )
        task = asyncio.create_task(conversation.run())
        seat = _Seat(request.request_id, conversation, task)
        self._seats[request.call_id] = seat
        task.add_done_callback(lambda done: self._over(request.call_id, seat, done))
        self._prepare(engagement)

    async def until_idle(self) -> None:
        """Return when no conversation runs."""
        while self._seats:
            await asyncio.wait([seat.task for seat in self._seats.values()])
            # The seat is given back by a callback of the task, which comes after the wait.
            await asyncio.sleep(0)

    def find(self, call_id: str, *, engaged_by: str = "") -> Conversation:
        """Give the conversation of a call, that request's when one is named. Raises NotFoundError(CALL_NOT_FOUND)."""
        seat = self._seats.get(call_id)
        if seat is None or engaged_by not in ("", seat.request_id):
            raise NotFoundError("CALL_NOT_FOUND", "this voice agent is not in that call", call_id=call_id)
        return seat.conversation

    async def close(self, grace: float) -> None:
        """Take no new calls, give those that run `grace` seconds, then leave them."""
        self.draining = True
        tasks = [seat.task for seat in self._seats.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=grace)
        seats = list(self._seats.values())
        await asyncio.gather(*(_stop(seat) for seat in seats), *self._background, return_exceptions=True)

    def _leave(self, call_id: str) -> None:
        # The workflow asks anew for a call that this process already talks in: the newest request counts.
        if seat := self._seats.pop(call_id, None):
            self._run(_stop(seat))

    def _remember(self, request: EngageRequest) -> None:
        self._requests[request.request_id] = request.call_id
        while len(self._requests) > REQUESTS_KEPT:
            self._requests.popitem(last=False)

    def _prepare(self, engagement: Engagement) -> None:
        phrases = self._surroundings.engines.phrases
        phrases.keep(engagement.profile.fixed_clauses())
        self._run(phrases.prepare(engagement.profile.opening_clauses()))

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _over(self, call_id: str, seat: _Seat, done: "asyncio.Task[None]") -> None:
        if self._seats.get(call_id) is seat:
            del self._seats[call_id]
        if not done.cancelled() and (error := done.exception()) is not None:
            _log.error("a conversation failed", exc_info=error, extra={"call_id": call_id})


async def _stop(seat: _Seat) -> None:
    seat.task.cancel()
    await asyncio.gather(seat.task, return_exceptions=True)
    # A conversation that never got to run has not closed anything itself.
    await seat.conversation.close()
