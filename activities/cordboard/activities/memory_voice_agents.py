"""Voice agents kept in memory: the twin that tests of the calls' activities run against."""

from cordboard.core.errors import NotFoundError, UnavailableError
from cordboard.voice.v1.voice_agent_service_pb2 import (
    DeliverToolResultRequest,
    EngageRequest,
    EngageResponse,
    ReleaseRequest,
    SayRequest,
    SayResponse,
)


class MemoryVoiceAgents:
    """Agents that take calls and remember what they were told, by address; those in `away` do not answer."""

    def __init__(self) -> None:
        self.away: set[str] = set()
        self.engaged: list[tuple[str, EngageRequest]] = []
        self.delivered: list[DeliverToolResultRequest] = []
        self.said: list[SayRequest] = []
        self.released: list[tuple[str, ReleaseRequest]] = []
        self._calls: dict[str, dict[str, str]] = {}

    async def engage(self, address: str, request: EngageRequest) -> EngageResponse:
        """Take the talk; see VoiceAgents.engage."""
        self._check(address)
        self._calls.setdefault(address, {})[request.call_id] = request.request_id
        if all(seen.request_id != request.request_id for _, seen in self.engaged):
            self.engaged.append((address, request))
        return EngageResponse(engine_versions={"asr": "none"})

    async def deliver(self, address: str, request: DeliverToolResultRequest) -> None:
        """Take the result of a tool; see VoiceAgents.deliver."""
        self._check(address, request.call_id)
        self.delivered.append(request)

    async def say(self, address: str, request: SayRequest) -> SayResponse:
        """Say a line; see VoiceAgents.say."""
        self._check(address, request.call_id)
        self.said.append(request)
        return SayResponse(play_id=request.request_id)

    async def release(self, address: str, request: ReleaseRequest) -> None:
        """Leave the call; see VoiceAgents.release."""
        self._check(address, request.call_id)
        if request.engage_request_id in ("", self._calls[address][request.call_id]):
            self.released.append((address, request))
            del self._calls[address][request.call_id]

    def lose(self, address: str) -> None:
        """Let an agent die with all its calls."""
        self.away.add(address)
        self._calls.pop(address, None)

    @property
    def busy(self) -> set[str]:
        """Calls that an agent is in."""
        return {call_id for calls in self._calls.values() for call_id in calls}

    def _check(self, address: str, call_id: str | None = None) -> None:
        if address in self.away:
            raise UnavailableError("PEER_AWAY", "the voice agent does not answer")
        if call_id is not None and call_id not in self._calls.get(address, {}):
            raise NotFoundError("CALL_NOT_FOUND", "the voice agent is not in that call")
