"""How values become Temporal payloads: binary protobuf, then the call's key."""

from typing import Any, Final

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    BinaryNullPayloadConverter,
    BinaryPlainPayloadConverter,
    BinaryProtoPayloadConverter,
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    JSONPlainPayloadConverter,
    JSONProtoPayloadConverter,
)

from cordboard.core.errors import InternalError
from cordboard.workflows.payload_codec import CallCodec, KeySource, RefusedPayloadConverter, ScriptCodec

PAYLOAD_NOT_OURS: Final = "PAYLOAD_NOT_OURS"

__all__ = ["PAYLOAD_NOT_OURS", "BinaryFirstConverter", "KeySource", "data_converter", "script_data_converter"]


class ExactProtoConverter(BinaryProtoPayloadConverter):
    """Reads a message only as what it is: whoever may ask for verbs could else have a call take them for facts."""

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        """Give the message. Raises InternalError(PAYLOAD_NOT_OURS) when another one is expected."""
        message = super().from_payload(payload, type_hint)
        if isinstance(type_hint, type) and issubclass(type_hint, Message) and not isinstance(message, type_hint):
            raise InternalError(PAYLOAD_NOT_OURS, "a payload holds another message than is expected")
        return message


class BinaryFirstConverter(CompositePayloadConverter):
    """Encodes protobuf as binary.

    JSON refuses fields that a reader does not know, which breaks rolling deploys; it is only understood, for
    clients that cannot do otherwise.
    """

    def __init__(self) -> None:
        super().__init__(
            BinaryNullPayloadConverter(),
            RefusedPayloadConverter(),
            BinaryPlainPayloadConverter(),
            ExactProtoConverter(),
            JSONProtoPayloadConverter(),
            JSONPlainPayloadConverter(),
        )


def data_converter(key_source: KeySource) -> DataConverter:
    """Make the data converter of everybody who talks to calls: gateway, worker, replayer.

    Texts of failures are sealed like any other payload.
    """
    return DataConverter(
        payload_converter_class=BinaryFirstConverter,
        payload_codec=CallCodec(key_source),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def script_data_converter(key_source: KeySource) -> DataConverter:
    """Make the data converter of registered workflows' workers; of the keys they need those of purpose `script`."""
    return DataConverter(
        payload_converter_class=BinaryFirstConverter,
        payload_codec=ScriptCodec(key_source),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
