"""Who may do what at the doors: the rules on a token's claims, the same for gRPC and HTTP."""

import re

from cordboard.core.errors import ForbiddenError, InvalidError, UnauthenticatedError
from cordboard.media.v1 import leg_pb2
from cordboard.runtime.identity import TokenVerifier, UserClaims

CALLER = "caller"
AGENT = "agent"

START = "calls:start"
READ = "calls:read"
STEER = "calls:steer"
PHI = "phi"
ADD_LEGS = "legs:add"
SUPERVISE = "calls:supervise"
WAIT = "calls:wait"

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_REASON = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


def claims_of(authorization: str | None, verifier: TokenVerifier) -> UserClaims:
    """Read an HTTP `Authorization` header. Raises UnauthenticatedError (TOKEN_MISSING, _INVALID, _EXPIRED)."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError("TOKEN_MISSING", "the request carries no bearer token")
    return verifier.user(token.strip())


def require_scope(claims: UserClaims, scope: str) -> None:
    """Raise ForbiddenError unless the token names a tenant (TENANT_MISMATCH) and holds `scope` (SCOPE_MISSING)."""
    require_tenant(claims)
    if scope not in claims.scopes:
        raise ForbiddenError("SCOPE_MISSING", "the token lacks a scope that this needs", scope=scope)


def require_tenant(claims: UserClaims) -> None:
    """Raise ForbiddenError(TENANT_MISMATCH) unless the token names a tenant."""
    if not claims.tenant:
        raise ForbiddenError("TENANT_MISMATCH", "the token names no tenant")


def require_vertical(claims: UserClaims, vertical: str) -> None:
    """Raise InvalidError without a vertical, ForbiddenError(VERTICAL_MISMATCH) for one that the token does not name."""
    if not vertical:
        raise InvalidError("VERTICAL_MISSING", "neither the request nor the token names a vertical")
    if claims.vertical and claims.vertical != vertical:
        raise ForbiddenError("VERTICAL_MISMATCH", "the token is for another vertical", vertical=claims.vertical)


def require_may_add_leg(claims: UserClaims, *, replaces: str = "") -> None:
    """Raise ForbiddenError(SCOPE_MISSING) unless the token is an agent's, or holds `legs:add` or `calls:supervise`.

    A caller's may add the leg that replaces their own, or, with `calls:wait`, the one by which they answer a call.
    """
    require_tenant(claims)
    if claims.role == CALLER and (replaces or waits_at_line(claims)):
        return
    if claims.role != AGENT and not {ADD_LEGS, SUPERVISE} & claims.scopes:
        raise ForbiddenError("SCOPE_MISSING", "the token may not add legs", scope=ADD_LEGS)


def waits_at_line(claims: UserClaims) -> bool:
    """Tell whether the token is one of a party who waits at a line: its subject is the line."""
    return claims.role == CALLER and WAIT in claims.scopes and bool(claims.subject)


def leg_role(claims: UserClaims, asked: leg_pb2.LegRole.ValueType) -> leg_pb2.LegRole.ValueType:
    """Give the role that a leg of this token takes. Raises ForbiddenError(ROLE_FORBIDDEN).

    An agent's token alone makes a human agent's leg, an AI agent's leg is never added from outside. Those who only
    listen (supervisor, co-pilot) need the scope `calls:supervise`, a caller's leg `legs:add` where it is not the
    caller's own.
    """
    own = leg_pb2.LEG_ROLE_HUMAN_AGENT if claims.role == AGENT else leg_pb2.LEG_ROLE_CALLER
    asked = asked or own
    if is_passive(asked) and SUPERVISE in claims.scopes:
        return asked
    if asked == own and (claims.role in (AGENT, CALLER) or ADD_LEGS in claims.scopes):
        return asked
    raise ForbiddenError("ROLE_FORBIDDEN", "the token may not make a leg of that role", role=claims.role)


def is_passive(role: leg_pb2.LegRole.ValueType) -> bool:
    """Tell whether legs of that role listen to a call without being a party to it."""
    return role in (leg_pb2.LEG_ROLE_SUPERVISOR, leg_pb2.LEG_ROLE_COPILOT)


def require_request_id(request_id: str) -> str:
    """Give the request id back. Raises InvalidError (REQUEST_ID_MISSING, REQUEST_ID_INVALID) unless it is a UUID.

    It travels in clear as the id of a Temporal update, so nothing else may hide in it.
    """
    if not request_id:
        raise InvalidError("REQUEST_ID_MISSING", "the request carries no request id")
    if not _UUID.fullmatch(request_id):
        raise InvalidError("REQUEST_ID_INVALID", "the request id is not a UUID")
    return request_id.lower()


def require_reason(reason: str) -> str:
    """Give the reason back. Raises InvalidError (REASON_MISSING, REASON_INVALID) unless it is UPPER_SNAKE."""
    if not reason:
        raise InvalidError("REASON_MISSING", "the request carries no reason")
    if not _REASON.fullmatch(reason):
        raise InvalidError("REASON_INVALID", "the reason is not a stable code in UPPER_SNAKE")
    return reason


def is_call_id(text: str) -> bool:
    """Tell whether a text can be a call's id at all."""
    return bool(_UUID.fullmatch(text))


def actor_of(claims: UserClaims) -> str:
    """Name who acts, as the log does: `caller`, `agent/{id}`, `app/{id}` or `engineer/{id}`."""
    return CALLER if claims.role == CALLER else f"{claims.role}/{claims.subject}"
