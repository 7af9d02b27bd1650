"""Keys for a platform team's workers: asked from the gateway, kept for a while."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from cordboard.core.errors import ForbiddenError
from cordboard.registry.v1.workflow_registry_service_pb2 import GetScriptKeyRequest
from cordboard.registry.v1.workflow_registry_service_pb2_grpc import WorkflowRegistryServiceStub
from cordboard.runtime.grpc_channel import open_user_channel, translate_errors

KEEP_SECONDS = 600.0
KEEP_KEYS = 4096
PURPOSE = "script"


@dataclass(frozen=True, slots=True)
class _Kept:
    subkey: bytes
    until: float


class GatewayScriptKeys:
    """Gives the keys of what travels between calls and their registered workflows; in memory only, for ten minutes."""

    def __init__(
        self,
        gateway: str,
        token: Callable[[], str],
        *,
        deadline: float = 5.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a source of keys from the gateway at `host:port`.

        `token` gives a bearer token with the scope `scripts:run`; it is asked anew each time, for tokens run out.
        """
        self._gateway = gateway
        self._token = token
        self._deadline = deadline
        self._monotonic = monotonic
        self._kept: dict[str, _Kept] = {}

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        """Give the 32-byte key of a call. Raises CordboardError: ForbiddenError (PURPOSE_NOT_YOURS, SCOPE_MISSING),
        NotFoundError(CALL_NOT_FOUND), WrongStateError (NOT_A_SCRIPT, KEY_DESTROYED), UnavailableError.
        """
        if purpose != PURPOSE:
            raise ForbiddenError("PURPOSE_NOT_YOURS", "a registered workflow has one key of a call", purpose=purpose)
        now = self._monotonic()
        kept = self._kept.get(call_id)
        if kept is not None and kept.until > now:
            return kept.subkey
        async with open_user_channel(self._gateway, self._token()) as channel, translate_errors():
            stub = WorkflowRegistryServiceStub(channel)
            answer = await stub.GetScriptKey(GetScriptKeyRequest(call_id=call_id), timeout=self._deadline)
        self._kept = {key: one for key, one in self._kept.items() if one.until > now}
        while len(self._kept) >= KEEP_KEYS:
            self._kept.pop(next(iter(self._kept)))
        self._kept[call_id] = _Kept(answer.subkey, now + KEEP_SECONDS)
        return answer.subkey
