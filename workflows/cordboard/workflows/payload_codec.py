"""Encryption of Temporal payloads with the call's own key."""

import os
from collections.abc import Sequence
from typing import Any, Protocol, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    EncodingPayloadConverter,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from cordboard.core.errors import InternalError
from cordboard.registry.v1.script_contract_pb2 import VerbRequested
from cordboard.workflows.names import call_id_of
from cordboard.workflows.script_contract import is_script

PURPOSE = "temporal"
SCRIPT_PURPOSE = "script"
ENCODING = b"binary/encrypted"
REFUSED = b"binary/refused"
"""Stands in for a payload that is not taken. Who reads it as something gets an error; a signal with it is dropped."""
_ALGORITHM = b"AES-256-GCM"
_NONCE_BYTES = 12


class KeySource(Protocol):
    """Gives subkeys of the calls' data keys, such as the engine's key client."""

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        """Give the 32-byte subkey of a call for one purpose. Raises CordboardError."""
        ...


class CallCodec(PayloadCodec, WithSerializationContext):
    """Seals every payload of a call's workflow, its children and activities with AES-256-GCM.

    The key is the call's subkey `temporal`, or `script` for what travels to and from the registered workflow of the
    call (`call/{id}/v/{name}`), which is a platform team's and has that key alone. The call is found by the workflow id
    of the serialization context; its id is authenticated with the payload, so that one call's payload cannot be passed
    off as another's. Under the key `script` a call takes requests for verbs, and nothing else.

    A payload that is not taken becomes one of encoding `binary/refused`: it must not keep a call from going on.
    """

    def __init__(self, keys: KeySource, call_id: str | None = None, purpose: str = PURPOSE) -> None:
        self._keys = keys
        self._call_id = call_id
        self._purpose = purpose

    def with_context(self, context: SerializationContext) -> Self:
        """Give a codec for the workflow that the context names."""
        owner = ""
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            owner = context.workflow_id or ""
        return type(self)(self._keys, call_id_of(owner), self._purpose_of(owner))

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seal payloads. Raises InternalError(CODEC_WITHOUT_CALL) outside of a call: nothing leaves in clear."""
        key, call_id = await self._key(self._purpose)
        return [self._seal(key, call_id, payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Open payloads; one that was never sealed, was altered, or is another call's is refused."""
        return [await self._open(payload) for payload in payloads]

    def _purpose_of(self, workflow_id: str) -> str:
        return SCRIPT_PURPOSE if is_script(workflow_id) else PURPOSE

    def _takes(self, purpose: str, opened: Payload) -> bool:
        """Whether what was sealed for a purpose may say this."""
        kind = opened.metadata.get("messageType", b"").decode(errors="replace")
        return purpose == PURPOSE or kind == VerbRequested.DESCRIPTOR.full_name

    async def _key(self, purpose: str) -> tuple[AESGCM, str]:
        if self._call_id is None:
            raise InternalError("CODEC_WITHOUT_CALL", "a payload belongs to no call, so there is no key for it")
        return AESGCM(await self._keys.subkey(self._call_id, purpose)), self._call_id

    def _seal(self, key: AESGCM, call_id: str, payload: Payload) -> Payload:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + key.encrypt(nonce, payload.SerializeToString(), call_id.encode())
        metadata = {"encoding": ENCODING, "alg": _ALGORITHM, "key-id": call_id.encode()}
        if self._purpose != PURPOSE:
            metadata["purpose"] = self._purpose.encode()
        return Payload(metadata=metadata, data=sealed)

    async def _open(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return _refused("PAYLOAD_NOT_SEALED")
        purpose = payload.metadata.get("purpose", PURPOSE.encode()).decode(errors="replace")
        if purpose not in (PURPOSE, SCRIPT_PURPOSE):
            return _refused("PAYLOAD_NOT_OURS")
        key, call_id = await self._key(purpose)
        nonce, sealed = payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:]
        try:
            opened = Payload.FromString(key.decrypt(nonce, sealed, call_id.encode()))
        except (InvalidTag, ValueError, DecodeError):
            return _refused("PAYLOAD_ALTERED")
        return opened if self._takes(purpose, opened) else _refused("PAYLOAD_NOT_OURS")


class ScriptCodec(CallCodec):
    """The same for the workers of registered workflows: they have the key `script` alone, whomever they talk with."""

    def __init__(self, keys: KeySource, call_id: str | None = None, purpose: str = SCRIPT_PURPOSE) -> None:
        super().__init__(keys, call_id, purpose)

    def _purpose_of(self, workflow_id: str) -> str:
        return SCRIPT_PURPOSE

    def _takes(self, purpose: str, opened: Payload) -> bool:
        return purpose == SCRIPT_PURPOSE


def _refused(reason: str) -> Payload:
    return Payload(metadata={"encoding": REFUSED}, data=reason.encode())


class RefusedPayloadConverter(EncodingPayloadConverter):
    """Tells who reads a refused payload that there is nothing to read."""

    @property
    def encoding(self) -> str:
        """Encoding that it reads."""
        return REFUSED.decode()

    def to_payload(self, value: Any) -> Payload | None:
        """Nothing is written so."""
        return None

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        """Raise InternalError, or give None to who asks for nothing in particular, such as a child's result."""
        if type_hint is None:
            return None
        raise InternalError(payload.data.decode(), "a payload of a call was not taken")
