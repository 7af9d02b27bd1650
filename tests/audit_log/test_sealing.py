"""Sealing, digests and the keyring."""

import stat
from pathlib import Path

import pytest

from cordboard.audit_log.keyring import LocalKeyring, WrappedKey
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


async def test_the_keyring_survives_a_restart_in_a_file_for_its_user_only(tmp_path: Path) -> None:
    path = tmp_path / "state" / "keyring.json"
    wrapped = await LocalKeyring(path).wrap("acme", "c1", bytes(32))
    assert await LocalKeyring(path).unwrap("acme", "c1", wrapped) == bytes(32)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_each_tenant_has_its_own_key(tmp_path: Path) -> None:
    keyring = LocalKeyring(tmp_path / "keyring.json")
    assert (await keyring.wrap("acme", "c1", bytes(32))).kek_id != (await keyring.wrap("zen", "c1", bytes(32))).kek_id


async def test_a_wrapped_key_opens_for_its_own_call_and_tenant_only(tmp_path: Path) -> None:
    keyring = LocalKeyring(tmp_path / "keyring.json")
    wrapped = await keyring.wrap("acme", "c1", bytes(32))
    for tenant, call in (("acme", "c2"), ("zen", "c1")):
        with pytest.raises(InternalError) as caught:
            await keyring.unwrap(tenant, call, wrapped)
        assert caught.value.reason == "KEY_DAMAGED"


async def test_a_lost_tenant_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(InternalError) as caught:
        await LocalKeyring(tmp_path / "keyring.json").unwrap("acme", "c1", WrappedKey("local/acme/1", bytes(60)))
    assert caught.value.reason == "KEK_MISSING"


async def test_finds_a_key_that_another_process_made(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    standby = LocalKeyring(path)
    wrapped = await LocalKeyring(path).wrap("acme", "c1", bytes(32))
    assert await standby.unwrap("acme", "c1", wrapped) == bytes(32)
