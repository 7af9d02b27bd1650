"""The keyring's file: whose it is, and what several processes make of it."""

import json
import stat
from pathlib import Path

import pytest

from cordboard.audit_log.keyring import WrappedKey
from cordboard.audit_log.local_keyring import LocalKeyring
from cordboard.core.errors import InternalError


async def test_survives_a_restart_in_a_file_for_its_user_only(tmp_path: Path) -> None:
    path = tmp_path / "state" / "keyring.json"
    wrapped = await LocalKeyring(path).wrap("acme", "c1", bytes(32))
    assert await LocalKeyring(path).unwrap("acme", "c1", wrapped) == bytes(32)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_lost_tenant_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(InternalError) as caught:
        await LocalKeyring(tmp_path / "keyring.json").unwrap("acme", "c1", WrappedKey("local/acme/1", bytes(60)))
    assert caught.value.reason == "KEK_MISSING"


async def test_finds_what_another_process_made(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    standby = LocalKeyring(path)
    wrapped = await LocalKeyring(path).wrap("acme", "c1", bytes(32))
    assert await standby.unwrap("acme", "c1", wrapped) == bytes(32)
    fresh = await LocalKeyring(path).rotate("acme")
    assert (await standby.wrap("acme", "c2", bytes(32))).kek_id == fresh


async def test_processes_that_make_keys_in_turn_lose_none(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    one, other = LocalKeyring(path), LocalKeyring(path)
    for number, keyring in enumerate((one, other, one, other)):
        await keyring.rotate("acme" if number < 2 else "zen")
    assert set(json.loads(path.read_text())) == {"local/acme/1", "local/acme/2", "local/zen/1", "local/zen/2"}


async def test_a_retired_version_leaves_the_file(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    keyring = LocalKeyring(path)
    await keyring.current("acme")
    await keyring.rotate("acme")
    await keyring.retire("acme", "local/acme/1")
    assert set(json.loads(path.read_text())) == {"local/acme/2"}
