"""WebRTC over HTTP: an SDP offer is posted, its answer comes back, the leg is a resource that can be deleted.

The frame is WHIP's (RFC 9725): POST answers 201 with the SDP answer and the leg's Location, DELETE ends the leg.
"""

import uuid
from dataclasses import dataclass

from aiohttp import web

from cordboard.call.v1 import call_pb2
from cordboard.call.v1.call_service_pb2 import AddLegRequest, RemoveLegRequest, StartCallRequest
from cordboard.core.errors import InvalidError
from cordboard.gateway.access import CALLER, START, claims_of, require_may_add_leg, require_request_id, require_scope
from cordboard.gateway.call_starter import CallStarter
from cordboard.gateway.call_steering import CallSteering
from cordboard.gateway.request_body import SDP, read_text, require_content_type
from cordboard.gateway.sdp_offer import MAX_OFFER
from cordboard.runtime.identity import TokenVerifier

# Names the request of a DELETE, which carries no id of its own: the same leg is removed once.
_REMOVALS = uuid.UUID("6c0f8a52-7d0e-5f3c-9b1a-3f6f6e1f4c11")


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """What the body of an offer may be: bytes, and seconds until all of it is there."""

    size: int = MAX_OFFER
    seconds: float = 5.0


class LegsDoor:
    """The HTTP routes of legs."""

    def __init__(
        self,
        verifier: TokenVerifier,
        starter: CallStarter,
        steering: CallSteering,
        limits: BodyLimits | None = None,
    ) -> None:
        self._verifier = verifier
        self._starter = starter
        self._steering = steering
        self._limits = limits or BodyLimits()

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [
            web.post("/v1/legs", self.start_call),
            web.post("/v1/calls/{call_id}/legs", self.add_leg),
            web.delete("/v1/calls/{call_id}/legs/{leg_id}", self.remove_leg),
        ]

    async def start_call(self, request: web.Request) -> web.Response:
        """Start an inbound call with the posted offer as the caller's leg; `?workflow=` names a registered one."""
        claims = claims_of(request.headers.get("Authorization"), self._verifier)
        require_scope(claims, START)
        request_id = _idempotency_key(request, required=claims.role != CALLER)
        offer = await self._offer(request)
        started = await self._starter.start(
            claims,
            StartCallRequest(
                request_id=request_id,
                vertical=claims.vertical,
                workflow=request.query.get("workflow", ""),
                direction=call_pb2.DIRECTION_INBOUND,
                sdp_offer=offer,
            ),
        )
        return _created(started.call_id, started.leg_id, started.sdp_answer)

    async def add_leg(self, request: web.Request) -> web.Response:
        """Add a leg with the posted offer to a call; `?replaces=` names the bearer's leg whose place it takes."""
        claims = claims_of(request.headers.get("Authorization"), self._verifier)
        replaces = request.query.get("replaces", "")
        require_may_add_leg(claims, replaces=replaces)
        request_id = _idempotency_key(request, required=True)
        call_id = request.match_info["call_id"]
        offer = await self._offer(request)
        added = await self._steering.add_leg(
            claims,
            AddLegRequest(request_id=request_id, call_id=call_id, sdp_offer=offer, replaces_leg_id=replaces),
        )
        return _created(call_id, added.leg_id, added.sdp_answer)

    async def remove_leg(self, request: web.Request) -> web.Response:
        """End a leg."""
        claims = claims_of(request.headers.get("Authorization"), self._verifier)
        call_id, leg_id = request.match_info["call_id"], request.match_info["leg_id"]
        request_id = str(uuid.uuid5(_REMOVALS, f"{call_id}/{leg_id}"))
        await self._steering.remove_leg(claims, RemoveLegRequest(request_id=request_id, call_id=call_id, leg_id=leg_id))
        return web.Response(status=204)

    async def _offer(self, request: web.Request) -> str:
        require_content_type(request, SDP)
        offer = await read_text(request, limit=self._limits.size, seconds=self._limits.seconds)
        if not offer:
            raise InvalidError("BAD_SDP", "the body is empty", problem="EMPTY")
        return offer


def _idempotency_key(request: web.Request, *, required: bool) -> str:
    """Read `Idempotency-Key`, with or without the quotes of a structured field."""
    key = request.headers.get("Idempotency-Key", "").strip().strip('"')
    return require_request_id(key) if key or required else ""


def _created(call_id: str, leg_id: str, answer: str) -> web.Response:
    headers = {"Location": f"/v1/calls/{call_id}/legs/{leg_id}", "Cache-Control": "no-store"}
    return web.Response(status=201, text=answer, content_type=SDP, headers=headers)
