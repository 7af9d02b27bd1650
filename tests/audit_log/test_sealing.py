"""Sealing and digests."""

import pytest

from cordboard.audit_log.record import StreamKey
from cordboard.audit_log.sealing import CallKey, derive
from cordboard.core.errors import InternalError

CALL = StreamKey("call", "c1")


def test_opens_what_it_sealed() -> None:
    key = CallKey(bytes(32))
    assert key.open(CALL, 3, key.seal(CALL, 3, b"my knee hurts")) == b"my knee hurts"


def test_seals_the_same_words_differently_each_time() -> None:
    key = CallKey(bytes(32))
    assert key.seal(CALL, 3, b"yes") != key.seal(CALL, 3, b"yes")


@pytest.mark.parametrize(("stream", "seq"), [(CALL, 4), (StreamKey("call", "c2"), 3), (StreamKey("agent", "c1"), 3)])
def test_does_not_open_at_another_place(stream: StreamKey, seq: int) -> None:
    key = CallKey(bytes(32))
    sealed = key.seal(CALL, 3, b"yes")
    with pytest.raises(InternalError) as caught:
        key.open(stream, seq, sealed)
    assert caught.value.reason == "SEALED_DAMAGED"


def test_does_not_open_under_another_calls_key() -> None:
    sealed = CallKey(bytes(32)).seal(CALL, 3, b"yes")
    with pytest.raises(InternalError):
        CallKey(bytes(31) + b"\1").open(CALL, 3, sealed)


def test_digests_can_only_be_guessed_with_the_key() -> None:
    one, other = CallKey(bytes(32)), CallKey(bytes(31) + b"\1")
    assert one.digest(b"yes") == CallKey(bytes(32)).digest(b"yes")
    assert one.digest(b"yes") != other.digest(b"yes")


def test_each_purpose_has_its_own_subkey() -> None:
    key = CallKey(bytes(32))
    subkeys = {key.subkey(purpose) for purpose in ("temporal", "recording", "sealed", "dedupe")}
    assert len(subkeys) == 4
    assert key.subkey("temporal") == derive(bytes(32), "temporal")
