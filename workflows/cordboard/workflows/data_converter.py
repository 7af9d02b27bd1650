"""How values become Temporal payloads: binary protobuf, then the call's key."""

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

from cordboard.workflows.payload_codec import CallCodec, KeySource

__all__ = ["BinaryFirstConverter", "KeySource", "data_converter"]


class BinaryFirstConverter(CompositePayloadConverter):
    """Encodes protobuf as binary.

    JSON refuses fields that a reader does not know, which breaks rolling deploys; it is only understood, for
    clients that cannot do otherwise.
    """

    def __init__(self) -> None:
        super().__init__(
            BinaryNullPayloadConverter(),
            BinaryPlainPayloadConverter(),
            BinaryProtoPayloadConverter(),
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
