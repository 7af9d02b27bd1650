"""VoiceAgentService: how a worker puts this agent into calls and takes it out."""

from typing import Any

from cordboard.core.errors import InvalidError, NotFoundError
from cordboard.voice.v1 import voice_agent_service_pb2 as voice
from cordboard.voice.v1.voice_agent_service_pb2_grpc import VoiceAgentServiceServicer
from cordboard.voice_agent.dialogue.dialogue_state import ToolOutcome
from cordboard.voice_agent.roster import Roster

OUTCOMES = frozenset({"ok", "failed", "unknown"})


class VoiceAgentServicer(VoiceAgentServiceServicer):
    """Serves one roster. Every method is idempotent."""

    def __init__(self, roster: Roster, engine_versions: dict[str, str]) -> None:
        """Take the roster and the versions of the engines."""
        self._roster = roster
        self._versions = engine_versions
        self._said: dict[str, str] = {}

    async def Engage(  # noqa: N802 - the name in the contract
        self, request: voice.EngageRequest, context: Any
    ) -> voice.EngageResponse:
        """Join a call and return at once."""
        _require(request, "request_id", "call_id", "leg_id", "node_address", "leg_token", "profile")
        self._roster.engage(request)
        return voice.EngageResponse(engine_versions=self._versions)

    async def DeliverToolResult(  # noqa: N802 - the name in the contract
        self, request: voice.DeliverToolResultRequest, context: Any
    ) -> voice.DeliverToolResultResponse:
        """Hand a tool's result to the conversation that asked for it."""
        _require(request, "call_id", "tool_call_id")
        if request.outcome not in OUTCOMES:
            raise InvalidError("OUTCOME_UNKNOWN", "a tool call ends with ok, failed or unknown")
        outcome = ToolOutcome(request.tool_call_id, request.outcome, dict(request.result), request.reason)
        self._roster.find(request.call_id).deliver(outcome)
        return voice.DeliverToolResultResponse()

    async def Say(  # noqa: N802 - the name in the contract
        self, request: voice.SayRequest, context: Any
    ) -> voice.SayResponse:
        """Say a line at the next pause."""
        _require(request, "request_id", "call_id", "text")
        play_id = self._said.get(request.request_id)
        if play_id is None:
            play_id = self._roster.find(request.call_id).say(request.text)
            self._said[request.request_id] = play_id
        return voice.SayResponse(play_id=play_id)

    async def Release(  # noqa: N802 - the name in the contract
        self, request: voice.ReleaseRequest, context: Any
    ) -> voice.ReleaseResponse:
        """Leave the call; an agent that is not in it, or by another request, has left it already."""
        _require(request, "call_id")
        try:
            conversation = self._roster.find(request.call_id, engaged_by=request.engage_request_id)
        except NotFoundError:
            return voice.ReleaseResponse()
        conversation.release(finish_speaking=request.finish_speaking, last_words=tuple(request.last_words))
        return voice.ReleaseResponse()


def _require(request: Any, *names: str) -> None:
    for name in names:
        if not getattr(request, name):
            raise InvalidError("FIELD_MISSING", "a required field is empty", field=name)
