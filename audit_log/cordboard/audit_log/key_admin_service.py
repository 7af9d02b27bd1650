"""KeyAdminService over gRPC."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from cordboard.audit_log import access
from cordboard.audit_log.draft import CALL
from cordboard.audit_log.erasure import Erasure
from cordboard.audit_log.event_codec import MAX_TEXT
from cordboard.audit_log.stored_keys import KeyStore, StoredKey
from cordboard.audit_log.stored_keys import LegalHold as Hold
from cordboard.audit_log.tenant_keys import TenantKeys
from cordboard.core.errors import InvalidError, NotFoundError
from cordboard.ledger.v1.key_admin_service_pb2 import (
    ClearLegalHoldRequest,
    ClearLegalHoldResponse,
    EraseCallRequest,
    EraseCallResponse,
    LegalHold,
    ListLegalHoldsRequest,
    ListLegalHoldsResponse,
    ListTenantKeysRequest,
    ListTenantKeysResponse,
    RetireTenantKeyRequest,
    RetireTenantKeyResponse,
    RewrapCallKeysRequest,
    RewrapCallKeysResponse,
    RotateTenantKeyRequest,
    RotateTenantKeyResponse,
    SetLegalHoldRequest,
    SetLegalHoldResponse,
    TenantKeyUse,
)
from cordboard.ledger.v1.key_admin_service_pb2_grpc import KeyAdminServiceServicer
from cordboard.runtime.identity import TokenVerifier, UserClaims
from cordboard.runtime.key_client import KEEP_SECONDS

MAX_PAGE = 1000


class KeyAdminService(KeyAdminServiceServicer):
    """What people do with keys; each call carries the token of who does it."""

    def __init__(self, erasure: Erasure, tenant_keys: TenantKeys, stored: KeyStore, users: TokenVerifier) -> None:
        """Make a service over the eraser and the keeper of tenants' keys."""
        self._erasure = erasure
        self._tenant_keys = tenant_keys
        self._stored = stored
        self._users = users

    async def EraseCall(self, request: EraseCallRequest, context: Any) -> EraseCallResponse:
        """Destroy a call's key."""
        user, key = await self._call(context, "ledger:erase", request.call_id, request.reason)
        erased = await self._erasure.erase(key, access.actor_of(user), request.reason, force=request.force)
        response = EraseCallResponse(repeated=erased.repeated)
        response.erased_at.FromDatetime(erased.at)
        response.forgotten_at.FromDatetime(_forgotten(erased.at))
        return response

    async def SetLegalHold(self, request: SetLegalHoldRequest, context: Any) -> SetLegalHoldResponse:
        """Forbid a call's erasure."""
        user, key = await self._call(context, "ledger:hold", request.call_id, request.reason)
        hold = await self._erasure.hold(key, access.actor_of(user), request.reason)
        return SetLegalHoldResponse(hold=_hold(key.call_id, hold))

    async def ClearLegalHold(self, request: ClearLegalHoldRequest, context: Any) -> ClearLegalHoldResponse:
        """Allow a call's erasure again."""
        user, key = await self._call(context, "ledger:hold", request.call_id, request.reason)
        return ClearLegalHoldResponse(cleared=await self._erasure.release(key, access.actor_of(user), request.reason))

    async def ListLegalHolds(self, request: ListLegalHoldsRequest, context: Any) -> ListLegalHoldsResponse:
        """List calls under a legal hold."""
        user = access.user_of(context, self._users, "ledger:hold")
        if request.call_id:
            key = await self._key(user, request.call_id)
            return ListLegalHoldsResponse(holds=[_hold(key.call_id, key.hold)] if key.hold is not None else [])
        limit = min(request.page_size or 50, MAX_PAGE)
        held = await self._stored.held(user.tenant, request.page_token, limit)
        holds = [_hold(key.call_id, key.hold) for key in held if key.hold is not None]
        return ListLegalHoldsResponse(holds=holds, next_page_token=held[-1].call_id if len(held) == limit else "")

    async def ListTenantKeys(self, request: ListTenantKeysRequest, context: Any) -> ListTenantKeysResponse:
        """List the versions of a tenant's key."""
        self._tenant(context, request.tenant)
        current, uses = await self._tenant_keys.uses(request.tenant)
        counted = [TenantKeyUse(kek_id=kek_id, calls=calls) for kek_id, calls in sorted(uses.items())]
        return ListTenantKeysResponse(current_kek_id=current, uses=counted)

    async def RotateTenantKey(self, request: RotateTenantKeyRequest, context: Any) -> RotateTenantKeyResponse:
        """Make a new version of a tenant's key."""
        user = self._tenant(context, request.tenant)
        actor = access.actor_of(user)
        kek_id, rotated = await self._tenant_keys.rotate(request.tenant, actor, request.expected_kek_id)
        return RotateTenantKeyResponse(kek_id=kek_id, rotated=rotated)

    async def RewrapCallKeys(
        self, request: RewrapCallKeysRequest, context: Any
    ) -> AsyncIterator[RewrapCallKeysResponse]:
        """Wrap a tenant's calls under the newest version."""
        user = self._tenant(context, request.tenant)
        async for one in self._tenant_keys.rewrap(request.tenant, access.actor_of(user)):
            yield RewrapCallKeysResponse(
                kek_id=one.kek_id, rewrapped=one.rewrapped, remaining=one.remaining, failed=one.failed
            )

    async def RetireTenantKey(self, request: RetireTenantKeyRequest, context: Any) -> RetireTenantKeyResponse:
        """Destroy a version of a tenant's key."""
        user = self._tenant(context, request.tenant)
        await self._tenant_keys.retire(request.tenant, access.actor_of(user), request.kek_id)
        return RetireTenantKeyResponse()

    async def _call(self, context: Any, scope: str, call_id: str, reason: str) -> tuple[UserClaims, StoredKey]:
        user = access.user_of(context, self._users, scope)
        if not reason or len(reason) > MAX_TEXT:
            raise InvalidError("INVALID_REQUEST", "the reason is missing or too long", limit=str(MAX_TEXT))
        return user, await self._key(user, call_id)

    async def _key(self, user: UserClaims, call_id: str) -> StoredKey:
        key = await self._stored.key(call_id)
        # Another tenant's call is none at all to who asks.
        if key is None or key.tenant != user.tenant:
            raise NotFoundError("STREAM_NOT_FOUND", "no such call", kind=CALL, call_id=call_id[:MAX_TEXT])
        return key

    def _tenant(self, context: Any, tenant: str) -> UserClaims:
        user = access.user_of(context, self._users, "ledger:keys")
        access.check_tenant(user, tenant)
        return user


def _forgotten(erased_at: datetime) -> datetime:
    return erased_at + timedelta(seconds=KEEP_SECONDS)


def _hold(call_id: str, hold: Hold) -> LegalHold:
    shown = LegalHold(call_id=call_id, reason=hold.reason, set_by=hold.set_by)
    shown.set_at.FromDatetime(hold.set_at)
    return shown
