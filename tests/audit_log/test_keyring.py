"""What every keyring promises: in memory, in a file, in AWS KMS over real HTTP, and one that took another's place."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from kms_server import ACCESS_KEY, REGION, KmsServer, kms_server

from cordboard.audit_log.keyring import KeyWrapper, WrappedKey
from cordboard.audit_log.keyring_choice import ChangedKeyring
from cordboard.audit_log.kms_keyring import KmsKeyring, KmsSettings
from cordboard.audit_log.local_keyring import LocalKeyring
from cordboard.audit_log.memory.keyring import MemoryKeyring
from cordboard.core.errors import InternalError, NotFoundError, WrongStateError

DATA_KEY = bytes(range(32))


@pytest.fixture
async def kms() -> AsyncIterator[KmsServer]:
    async with kms_server() as running:
        yield running


def kms_keyring(kms: KmsServer, key: str = "alias/cordboard/{tenant}") -> KmsKeyring:
    return KmsKeyring(KmsSettings(key, REGION, kms.url, ACCESS_KEY, "not-a-secret"))


@pytest.fixture(params=["memory", "local", "kms", "changed"])
async def keyring(request: pytest.FixtureRequest, tmp_path: Path, kms: KmsServer) -> AsyncIterator[KeyWrapper]:
    local = LocalKeyring(tmp_path / "keyring.json")
    makers: dict[str, KeyWrapper] = {
        "memory": MemoryKeyring(),
        "local": local,
        "kms": kms_keyring(kms),
        "changed": ChangedKeyring({"aws-kms/": (newest := kms_keyring(kms)), "local/": local}, newest),
    }
    made = makers[request.param]
    yield made
    await made.close()


async def test_unwraps_what_it_wrapped(keyring: KeyWrapper) -> None:
    wrapped = await keyring.wrap("acme", "c1", DATA_KEY)
    assert await keyring.unwrap("acme", "c1", wrapped) == DATA_KEY
    assert DATA_KEY not in wrapped.ciphertext


async def test_wraps_under_the_tenants_newest_version(keyring: KeyWrapper) -> None:
    wrapped = await keyring.wrap("acme", "c1", DATA_KEY)
    assert wrapped.kek_id == await keyring.current("acme")
    assert await keyring.current("zen") != wrapped.kek_id


async def test_a_tenant_without_calls_has_a_newest_version_too(keyring: KeyWrapper) -> None:
    current = await keyring.current("acme")
    assert (await keyring.wrap("acme", "c1", DATA_KEY)).kek_id == current


@pytest.mark.parametrize("tenant", ["Ärzte & Co: Süd", "a" * 200, "under_score-1"])
async def test_takes_any_name_of_a_tenant(keyring: KeyWrapper, tenant: str) -> None:
    wrapped = await keyring.wrap(tenant, "c1", DATA_KEY)
    assert await keyring.unwrap(tenant, "c1", wrapped) == DATA_KEY


@pytest.mark.parametrize(("tenant", "call"), [("acme", "c2"), ("zen", "c1")])
async def test_a_wrapped_key_opens_for_its_own_call_and_tenant_only(
    keyring: KeyWrapper, tenant: str, call: str
) -> None:
    wrapped = await keyring.wrap("acme", "c1", DATA_KEY)
    with pytest.raises(InternalError) as caught:
        await keyring.unwrap(tenant, call, wrapped)
    assert caught.value.reason == "KEY_DAMAGED"


async def test_an_altered_key_does_not_open(keyring: KeyWrapper) -> None:
    wrapped = await keyring.wrap("acme", "c1", DATA_KEY)
    altered = WrappedKey(wrapped.kek_id, wrapped.ciphertext[:-1] + bytes([wrapped.ciphertext[-1] ^ 1]))
    with pytest.raises(InternalError) as caught:
        await keyring.unwrap("acme", "c1", altered)
    assert caught.value.reason == "KEY_DAMAGED"


async def test_a_lost_version_is_named(keyring: KeyWrapper) -> None:
    await keyring.current("acme")
    lost = await keyring.wrap("acme", "c1", DATA_KEY)
    with pytest.raises(InternalError) as caught:
        await keyring.unwrap("acme", "c1", WrappedKey(lost.kek_id + "9", lost.ciphertext))
    assert caught.value.reason == "KEK_MISSING"


async def test_after_rotation_new_keys_have_the_new_version_and_old_ones_still_open(keyring: KeyWrapper) -> None:
    before = await keyring.wrap("acme", "c1", DATA_KEY)
    other = await keyring.current("zen")
    fresh = await keyring.rotate("acme")
    assert fresh == await keyring.current("acme") != before.kek_id
    assert (await keyring.wrap("acme", "c2", DATA_KEY)).kek_id == fresh
    assert await keyring.unwrap("acme", "c1", before) == DATA_KEY
    assert await keyring.current("zen") == other


async def test_rotates_before_the_first_call(keyring: KeyWrapper) -> None:
    fresh = await keyring.rotate("acme")
    assert (await keyring.wrap("acme", "c1", DATA_KEY)).kek_id == fresh


async def test_rewraps_under_the_newest_version(keyring: KeyWrapper) -> None:
    before = await keyring.wrap("acme", "c1", DATA_KEY)
    fresh = await keyring.rotate("acme")
    after = await keyring.rewrap("acme", "c1", before)
    assert after.kek_id == fresh
    assert await keyring.unwrap("acme", "c1", after) == DATA_KEY
    with pytest.raises(InternalError):
        await keyring.rewrap("acme", "c2", before)


async def test_what_a_retired_version_wrapped_opens_no_more(keyring: KeyWrapper) -> None:
    before = await keyring.wrap("acme", "c1", DATA_KEY)
    fresh = await keyring.rotate("acme")
    await keyring.retire("acme", before.kek_id)
    await keyring.retire("acme", before.kek_id)
    with pytest.raises(InternalError) as caught:
        await keyring.unwrap("acme", "c1", before)
    assert caught.value.reason in {"KEK_MISSING", "KEK_UNUSABLE"}
    assert await keyring.current("acme") == fresh


async def test_the_newest_version_is_not_retired_nor_another_tenants(keyring: KeyWrapper) -> None:
    current = await keyring.current("acme")
    with pytest.raises(WrongStateError) as caught:
        await keyring.retire("acme", current)
    assert caught.value.reason == "KEK_IN_USE"
    await keyring.current("zen")
    with pytest.raises(NotFoundError):
        await keyring.retire("zen", current)


async def test_a_keyring_that_took_anothers_place_opens_what_that_one_wrapped(tmp_path: Path, kms: KmsServer) -> None:
    local, far = LocalKeyring(tmp_path / "keyring.json"), kms_keyring(kms)
    before = await local.wrap("acme", "c1", DATA_KEY)
    changed = ChangedKeyring({"aws-kms/": far, "local/": local}, far)
    assert await changed.unwrap("acme", "c1", before) == DATA_KEY
    moved = await changed.rewrap("acme", "c1", before)
    assert moved.kek_id.startswith("aws-kms/arn:aws:kms:")
    assert await far.unwrap("acme", "c1", moved) == DATA_KEY
    with pytest.raises(InternalError) as caught:
        await changed.unwrap("acme", "c1", WrappedKey("vault/acme", b""))
    assert caught.value.reason == "KEK_MISSING"
    await changed.close()
