"""Calls kept in memory: the twin that the doors are tested against."""

from dataclasses import dataclass, field

from google.protobuf.message import Message

from cordboard.call.v1 import call_service_pb2 as pb
from cordboard.core.errors import (
    ConflictError,
    CordboardError,
    NotFoundError,
    UnavailableError,
    WrongStateError,
)
from cordboard.gateway.call_control import Party, Steering
from cordboard.gateway.request_digest import args_digest
from cordboard.gateway.workflow_catalogue import ScriptedStart
from cordboard.media.v1 import leg_pb2

ANSWER = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
CALLER_LEG = "leg-1"


@dataclass(slots=True)
class _Call:
    tenant: str
    legs: set[str] = field(default_factory=set)
    over: bool = False
    answers: dict[str, tuple[bytes, Message]] = field(default_factory=dict)


class MemoryCallControl:
    """Keeps the promises of CallControl for as long as the process lives.

    `away` makes it answer as when Temporal is gone, `refusal` as a workflow that refuses whatever comes next.
    `changes` counts what was really done.
    """

    def __init__(self) -> None:
        self.away = False
        self.refusal: CordboardError | None = None
        self.changes = 0
        self.scripted: list[ScriptedStart] = []
        """The registrations that calls were started with."""
        self._calls: dict[str, _Call] = {}

    async def start(
        self, call_id: str, party: Party, request: pb.StartCallRequest, scripted: ScriptedStart | None = None
    ) -> pb.StartCallResponse:
        """Keep a new call, or give the answer that it was started with."""
        self._check_here()
        call = self._calls.get(call_id)
        if call is not None and request.request_id in call.answers:
            return await self.answer_of(call_id, request.request_id)
        self._check_willing()
        if call is not None:
            raise WrongStateError("CALL_OVER", "the call is over")
        call = self._calls[call_id] = _Call(party.tenant)
        if scripted is not None:
            self.scripted.append(scripted)
        answer = pb.StartCallResponse(call_id=call_id)
        if request.sdp_offer:
            call.legs.add(CALLER_LEG)
            answer = pb.StartCallResponse(call_id=call_id, leg_id=CALLER_LEG, sdp_answer=ANSWER)
        self._keep(call, request.request_id, request, answer)
        return answer

    async def answer_of(self, call_id: str, request_id: str) -> pb.StartCallResponse:
        """Give the answer that a start had."""
        self._check_here()
        call = self._calls.get(call_id)
        _, answer = call.answers.get(request_id, (b"", None)) if call else (b"", None)
        if answer is None:
            raise WrongStateError("CALL_OVER", "the call is over")
        if not isinstance(answer, pb.StartCallResponse):
            raise ConflictError("REQUEST_ID_REUSED", "the request id was used with other arguments")
        return answer

    async def steer(self, party: Party, request: Steering) -> None:
        """Change a call."""
        self._check_here()
        call = self._calls.get(request.call_id)
        ending = isinstance(request, pb.EndCallRequest | pb.RemoveLegRequest)
        if call is None:
            if ending:
                raise NotFoundError("CALL_NOT_FOUND", "there is no such call")
            self._raise_over()
        assert call is not None
        if self._repeated(call, request.request_id, request) is not None:
            return None
        if call.over:
            return None if ending else self._raise_over()
        self._check_willing()
        leg_id = getattr(request, "leg_id", "")
        if leg_id and leg_id not in call.legs:
            raise NotFoundError("LEG_NOT_FOUND", "the call has no such leg")
        if isinstance(request, pb.EndCallRequest):
            call.over = True
        if isinstance(request, pb.RemoveLegRequest):
            call.legs.discard(leg_id)
        self._keep(call, request.request_id, request, type(request)())
        return None

    async def add_leg(
        self, party: Party, role: leg_pb2.LegRole.ValueType, request: pb.AddLegRequest
    ) -> pb.AddLegResponse:
        """Add a leg to a call."""
        self._check_here()
        call = self._calls.get(request.call_id)
        if call is None:
            raise WrongStateError("CALL_OVER", "the call is over")
        repeated = self._repeated(call, request.request_id, request)
        if isinstance(repeated, pb.AddLegResponse):
            return repeated
        if call.over:
            self._raise_over()
        self._check_willing()
        answer = pb.AddLegResponse(leg_id=f"leg-{len(call.legs) + 1}", sdp_answer=ANSWER)
        call.legs.add(answer.leg_id)
        self._keep(call, request.request_id, request, answer)
        return answer

    async def tenant_of(self, call_id: str) -> str:
        """Tell whose call it is."""
        self._check_here()
        if call_id not in self._calls:
            raise NotFoundError("CALL_NOT_FOUND", "there is no such call")
        return self._calls[call_id].tenant

    async def ping(self) -> None:
        """Return unless away."""
        self._check_here()

    def _keep(self, call: _Call, request_id: str, request: Message, answer: Message) -> None:
        call.answers[request_id] = (args_digest(request), answer)
        self.changes += 1

    def _repeated(self, call: _Call, request_id: str, request: Message) -> Message | None:
        """Give the answer to the same request before. Raises ConflictError(REQUEST_ID_REUSED)."""
        if request_id not in call.answers:
            return None
        digest, answer = call.answers[request_id]
        if digest != args_digest(request):
            raise ConflictError("REQUEST_ID_REUSED", "the request id was used with other arguments")
        return answer

    def _check_here(self) -> None:
        if self.away:
            raise UnavailableError("TEMPORAL_AWAY", "Temporal cannot be reached; try again")

    def _check_willing(self) -> None:
        if self.refusal is not None:
            raise self.refusal

    @staticmethod
    def _raise_over() -> None:
        raise WrongStateError("CALL_OVER", "the call is over")
