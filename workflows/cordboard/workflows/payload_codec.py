"""Encryption of Temporal payloads with the call's own key."""

import os
from collections.abc import Sequence
from typing import Protocol, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from cordboard.core.errors import InternalError
from cordboard.workflows.names import call_id_of

PURPOSE = "temporal"
ENCODING = b"binary/encrypted"
_ALGORITHM = b"AES-256-GCM"
_NONCE_BYTES = 12


class KeySource(Protocol):
    """Gives subkeys of the calls' data keys, such as the engine's key client."""

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        """Give the 32-byte subkey of a call for one purpose. Raises CordboardError."""
        ...


class CallCodec(PayloadCodec, WithSerializationContext):
    """Seals every payload of a call's workflow, its children and activities with AES-256-GCM.

    The key is the call's subkey `temporal`, found by the workflow id of the serialization context; the call's id is
    authenticated with the payload, so that one call's payload cannot be passed off as another's.
    """

    def __init__(self, keys: KeySource, call_id: str | None = None) -> None:
        self._keys = keys
        self._call_id = call_id

    def with_context(self, context: SerializationContext) -> Self:
        """Give a codec for the workflow that the context names."""
        owner: str | None = None
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            owner = context.workflow_id
        return type(self)(self._keys, call_id_of(owner or ""))

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seal payloads. Raises InternalError(CODEC_WITHOUT_CALL) outside of a call: nothing leaves in clear."""
        key, call_id = await self._key()
        return [self._seal(key, call_id, payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Open payloads. Raises InternalError when one was never sealed, was altered, or is another call's."""
        key, call_id = await self._key()
        return [self._open(key, call_id, payload) for payload in payloads]

    async def _key(self) -> tuple[AESGCM, str]:
        if self._call_id is None:
            raise InternalError("CODEC_WITHOUT_CALL", "a payload belongs to no call, so there is no key for it")
        return AESGCM(await self._keys.subkey(self._call_id, PURPOSE)), self._call_id

    @staticmethod
    def _seal(key: AESGCM, call_id: str, payload: Payload) -> Payload:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + key.encrypt(nonce, payload.SerializeToString(), call_id.encode())
        metadata = {"encoding": ENCODING, "alg": _ALGORITHM, "key-id": call_id.encode()}
        return Payload(metadata=metadata, data=sealed)

    @staticmethod
    def _open(key: AESGCM, call_id: str, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            raise InternalError("PAYLOAD_NOT_SEALED", "a payload of a call was not sealed", call_id=call_id)
        nonce, sealed = payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:]
        try:
            return Payload.FromString(key.decrypt(nonce, sealed, call_id.encode()))
        except InvalidTag as error:
            raise InternalError("PAYLOAD_ALTERED", "a payload of a call cannot be opened", call_id=call_id) from error
