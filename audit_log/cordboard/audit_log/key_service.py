"""KeyService over gRPC."""

from typing import Any

from cordboard.audit_log import access
from cordboard.audit_log.call_keys import CallKeys
from cordboard.ledger.v1.key_service_pb2 import UnwrapRequest, UnwrapResponse
from cordboard.ledger.v1.key_service_pb2_grpc import KeyServiceServicer
from cordboard.runtime.grpc_server import current_service


class KeyService(KeyServiceServicer):
    """Gives components the subkeys that are theirs."""

    def __init__(self, keys: CallKeys) -> None:
        """Make a service over the calls' keys."""
        self._keys = keys

    async def Unwrap(self, request: UnwrapRequest, context: Any) -> UnwrapResponse:
        """Give the subkey of a call for a purpose."""
        access.check_purpose(current_service(), request.purpose)
        key = await self._keys.find(request.call_id)
        return UnwrapResponse(subkey=key.subkey(request.purpose))
