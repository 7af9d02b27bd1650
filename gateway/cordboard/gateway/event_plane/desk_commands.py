"""What an agent's desk may ask for."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cordboard.call.v1.agent_facts_pb2 import AGENT_STATE_NOT_READY, AGENT_STATE_READY
from cordboard.call.v1.call_service_pb2 import (
    HoldLegRequest,
    RemoveLegRequest,
    RetrieveLegRequest,
    StepTransferRequest,
    TransferCallRequest,
)
from cordboard.call.v1.facts_pb2 import AgentAnsweredOffer
from cordboard.call.v1.transfer_pb2 import (
    TRANSFER_STEP_CANCEL,
    TRANSFER_STEP_COMPLETE,
    TRANSFER_STEP_CONFERENCE,
    TransferStep,
)
from cordboard.core import reasons
from cordboard.core.errors import ForbiddenError, InvalidError, NotFoundError, WrongStateError
from cordboard.gateway.access import actor_of, require_reason, require_request_id
from cordboard.gateway.call_control import CallControl, Party, Steering
from cordboard.gateway.event_plane.desk_record import DeskRecord
from cordboard.gateway.event_plane.seat import Seat
from cordboard.gateway.token_life import TokenLife
from cordboard.runtime.identity import UserClaims
from cordboard.runtime.ledger_client import call_stream
from cordboard.runtime.log_context import bound

RENEW = "renew"
"""Name of the command that hands in another token before the one in use expires."""

_STATES = {"READY": AGENT_STATE_READY, "NOT_READY": AGENT_STATE_NOT_READY}


@dataclass(frozen=True, slots=True)
class DeskCommand:
    """A command as it came: its id, its name, its fields."""

    command_id: str
    name: str
    fields: Mapping[str, Any]


def read_command(text: str) -> DeskCommand:
    """Read a frame. Raises InvalidError (COMMAND_INVALID, REQUEST_ID_MISSING, REQUEST_ID_INVALID)."""
    try:
        frame = json.loads(text)
    except ValueError:
        raise InvalidError("COMMAND_INVALID", "the frame is not JSON") from None
    if not isinstance(frame, dict) or not isinstance(frame.get("command"), str):
        raise InvalidError("COMMAND_INVALID", "the frame is no command")
    command_id = frame.get("id", "")
    require_request_id(command_id if isinstance(command_id, str) else "-")
    return DeskCommand(command_id, frame["command"], frame)


class DeskCommands:
    """Does what one desk asks for; `seats` are the calls that its agent is a party to, as the desk was told."""

    def __init__(
        self,
        claims: UserClaims,
        life: TokenLife,
        seats: Mapping[str, Seat],
        control: CallControl,
        record: DeskRecord,
    ) -> None:
        self._claims = claims
        self._life = life
        self._seats = seats
        self._control = control
        self._record = record
        self._party = Party(tenant=claims.tenant, actor=actor_of(claims), party_id=claims.subject)
        self._known: dict[str, Callable[[DeskCommand], Awaitable[None]]] = {
            "set_state": self._set_state,
            "answer_offer": self._answer_offer,
            "hold": self._hold,
            "retrieve": self._retrieve,
            "hang_up": self._hang_up,
            "transfer": self._transfer,
            "complete_transfer": self._step(TRANSFER_STEP_COMPLETE),
            "join_transfer": self._step(TRANSFER_STEP_CONFERENCE),
            "hand_back": self._hand_back,
            "cancel_transfer": self._step(TRANSFER_STEP_CANCEL),
            RENEW: self._renew,
        }

    async def obey(self, command: DeskCommand) -> None:
        """Do it. Raises InvalidError, NotFoundError, WrongStateError, UnavailableError, and as CallControl.steer."""
        known = self._known.get(command.name)
        if known is None:
            raise unknown_command()
        with bound(call_id=str(command.fields.get("call_id", ""))):
            await known(command)

    async def _renew(self, command: DeskCommand) -> None:
        self._life.renew(text_of(command, "token", required=True))

    async def _set_state(self, command: DeskCommand) -> None:
        state = _STATES.get(text_of(command, "state"))
        if state is None:
            raise InvalidError("STATE_INVALID", "a desk says READY or NOT_READY")
        reason = text_of(command, "reason")
        await self._record.state(state, require_reason(reason) if reason else "")

    async def _answer_offer(self, command: DeskCommand) -> None:
        call_id, seat = self._seat(command)
        epoch, accepted = _number(command, "reservation_epoch"), command.fields.get("accepted")
        if not isinstance(accepted, bool):
            raise InvalidError("COMMAND_INVALID", "a command's field is missing or of another kind", field="accepted")
        if seat.connected or seat.reservation_epoch != epoch:
            raise WrongStateError("OFFER_OVER", "the call is not offered to this agent any more", call_id=call_id)
        reason = text_of(command, "reason")
        answer = AgentAnsweredOffer(
            agent_id=self._claims.subject,
            reservation_epoch=epoch,
            accepted=accepted,
            reason="" if accepted else require_reason(reason or reasons.DECLINED),
        )
        await self._record.durably(call_stream(call_id), answer, trace_id=seat.trace_id)

    async def _hold(self, command: DeskCommand) -> None:
        await self._steer(command, HoldLegRequest(leg_id=text_of(command, "leg_id", required=True)))

    async def _retrieve(self, command: DeskCommand) -> None:
        await self._steer(command, RetrieveLegRequest(leg_id=text_of(command, "leg_id", required=True)))

    async def _hang_up(self, command: DeskCommand) -> None:
        # The agent's end of the call; what becomes of the call is its workflow's to say.
        leg_id = self._seat(command)[1].leg_id
        await self._steer(command, RemoveLegRequest(leg_id=leg_id, reason=reasons.AGENT_HUNG_UP))

    async def _transfer(self, command: DeskCommand) -> None:
        consult = command.fields.get("consult", False)
        if not isinstance(consult, bool):
            raise InvalidError("COMMAND_INVALID", "a command's field is missing or of another kind", field="consult")
        request = TransferCallRequest(
            queue=text_of(command, "queue"), agent_id=text_of(command, "agent_id"), consult=consult
        )
        if not (request.queue or request.agent_id):
            raise InvalidError("TARGET_MISSING", "the command names neither queue nor agent")
        await self._steer(command, request)

    async def _hand_back(self, command: DeskCommand) -> None:
        await self._steer(command, TransferCallRequest(to_ai_agent=True))

    def _step(self, step: TransferStep.ValueType) -> Callable[[DeskCommand], Awaitable[None]]:
        async def act(command: DeskCommand) -> None:
            await self._steer(command, StepTransferRequest(step=step))

        return act

    async def _steer(self, command: DeskCommand, request: Steering) -> None:
        call_id, seat = self._seat(command)
        if not seat.connected:
            raise ForbiddenError("NOT_ON_CALL", "the agent is not on the call", call_id=call_id)
        request.call_id, request.request_id = call_id, command.command_id
        await self._control.steer(self._party, request)

    def _seat(self, command: DeskCommand) -> tuple[str, Seat]:
        call_id = text_of(command, "call_id", required=True)
        seat = self._seats.get(call_id)
        if seat is None:
            raise NotFoundError("CALL_NOT_FOUND", "there is no such call on this desk")
        return call_id, seat


def unknown_command() -> InvalidError:
    """The error for a command that is not there."""
    return InvalidError("COMMAND_UNKNOWN", "there is no such command")


def text_of(command: DeskCommand, name: str, *, required: bool = False) -> str:
    """Read a field of text. Raises InvalidError(COMMAND_INVALID) when it is of another kind, or missing."""
    value = command.fields.get(name, "")
    if not isinstance(value, str) or (required and not value):
        raise InvalidError("COMMAND_INVALID", "a command's field is missing or of another kind", field=name)
    return value


def _number(command: DeskCommand, name: str) -> int:
    """Read a whole number; protobuf's JSON writes 64-bit ones as text, so both are taken."""
    value = command.fields.get(name)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 20:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidError("COMMAND_INVALID", "a command's field is missing or of another kind", field=name)
    return value
