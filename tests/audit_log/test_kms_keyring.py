"""What only AWS KMS does: its protocol, its errors, one key for all tenants."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from kms_server import ACCESS_KEY, REGION, KmsFaultError, KmsServer, kms_server

from cordboard.audit_log import kms_keyring
from cordboard.audit_log.keyring_choice import open_keyring
from cordboard.audit_log.kms_keyring import KmsKeyring, KmsSettings
from cordboard.audit_log.local_keyring import LocalKeyring
from cordboard.core.errors import CordboardError, InternalError, InvalidError, UnavailableError, WrongStateError
from cordboard.runtime.settings import Settings

DATA_KEY = bytes(range(32))
ONE_PER_TENANT = "alias/cordboard/{tenant}"


@pytest.fixture
async def kms() -> AsyncIterator[KmsServer]:
    async with kms_server() as running:
        yield running


@pytest.fixture
async def keyring(kms: KmsServer) -> AsyncIterator[KmsKeyring]:
    made = KmsKeyring(KmsSettings(ONE_PER_TENANT, REGION, kms.url, ACCESS_KEY, "not-a-secret"))
    yield made
    await made.close()


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's own retries take seconds: let it try once."""
    monkeypatch.setattr(kms_keyring, "ATTEMPTS", 1)


async def test_tells_kms_whose_key_it_is(kms: KmsServer, keyring: KmsKeyring) -> None:
    wrapped = await keyring.wrap("acme", "c1", DATA_KEY)
    await keyring.unwrap("acme", "c1", wrapped)
    context = {"cordboard:tenant": "acme", "cordboard:call": "c1"}
    operation, asked = kms.asked[-1]
    assert (operation, asked["EncryptionContext"], asked["KeyId"]) == (
        "Decrypt",
        context,
        wrapped.kek_id.removeprefix("aws-kms/"),
    )


async def test_makes_a_tenants_key_with_its_first_call_and_only_then(kms: KmsServer, keyring: KmsKeyring) -> None:
    await keyring.wrap("acme", "c1", DATA_KEY)
    await keyring.wrap("acme", "c2", DATA_KEY)
    assert kms.operations() == ["Encrypt", "CreateKey", "CreateAlias", "Encrypt", "Encrypt"]
    assert list(kms.aliases) == ["alias/cordboard/acme"]


async def test_two_ledgers_that_make_a_tenants_key_at_once_end_with_one(kms: KmsServer, keyring: KmsKeyring) -> None:
    twin = KmsKeyring(KmsSettings(ONE_PER_TENANT, REGION, kms.url, ACCESS_KEY, "not-a-secret"))
    wrapped = await asyncio.gather(keyring.wrap("acme", "c1", DATA_KEY), twin.wrap("acme", "c2", DATA_KEY))
    await twin.close()
    alias = kms.aliases["alias/cordboard/acme"]
    assert {one.kek_id for one in wrapped} == {f"aws-kms/{alias}"}
    assert [key.arn for key in kms.keys.values() if key.state == "Enabled"] == [alias]


async def test_rewrapping_never_brings_the_data_key_out_of_kms(kms: KmsServer, keyring: KmsKeyring) -> None:
    wrapped = await keyring.wrap("acme", "c1", DATA_KEY)
    await keyring.rotate("acme")
    kms.asked.clear()
    await keyring.rewrap("acme", "c1", wrapped)
    assert kms.operations() == ["ReEncrypt"]


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize(
    ("fault", "kind", "reason"),
    [
        (KmsFaultError("ThrottlingException"), UnavailableError, "KMS_THROTTLED"),
        (KmsFaultError("KMSInternalException", 500), UnavailableError, "KMS_AWAY"),
        (KmsFaultError("DependencyTimeoutException", 500), UnavailableError, "KMS_AWAY"),
        (KmsFaultError("KeyUnavailableException", 500), UnavailableError, "KMS_AWAY"),
        (KmsFaultError("SomethingNew", 503), UnavailableError, "KMS_AWAY"),
        (KmsFaultError("AccessDeniedException"), InternalError, "KMS_DENIED"),
        (KmsFaultError("UnrecognizedClientException"), InternalError, "KMS_DENIED"),
        (KmsFaultError("ExpiredTokenException"), InternalError, "KMS_DENIED"),
        (KmsFaultError("DisabledException"), InternalError, "KEK_DISABLED"),
        (KmsFaultError("KMSInvalidStateException"), InternalError, "KEK_UNUSABLE"),
        (KmsFaultError("NotFoundException"), InternalError, "KEK_MISSING"),
        (KmsFaultError("InvalidCiphertextException"), InternalError, "KEY_DAMAGED"),
        (KmsFaultError("IncorrectKeyException"), InternalError, "KEY_DAMAGED"),
        (KmsFaultError("LimitExceededException"), InternalError, "KMS_LIMIT"),
        (KmsFaultError("ValidationException"), InternalError, "KMS_FAILED"),
        (KmsFaultError("com.amazonaws.kms#DisabledException"), InternalError, "KEK_DISABLED"),
    ],
    ids=lambda value: value.code if isinstance(value, KmsFaultError) else "",
)
async def test_names_what_kms_answers(
    kms: KmsServer, keyring: KmsKeyring, fault: KmsFaultError, kind: type[CordboardError], reason: str
) -> None:
    wrapped = await keyring.wrap("acme", "c1", DATA_KEY)
    kms.faults = [fault]
    with pytest.raises(kind) as caught:
        await keyring.unwrap("acme", "c1", wrapped)
    assert caught.value.reason == reason
    assert "what KMS says" not in str(caught.value)


async def test_a_moment_of_throttling_is_not_noticed(kms: KmsServer, keyring: KmsKeyring) -> None:
    wrapped = await keyring.wrap("acme", "c1", DATA_KEY)
    kms.faults = [KmsFaultError("ThrottlingException")]
    assert await keyring.unwrap("acme", "c1", wrapped) == DATA_KEY


@pytest.mark.parametrize(("state", "reason"), [("Disabled", "KEK_DISABLED"), ("PendingDeletion", "KEK_UNUSABLE")])
async def test_a_key_that_was_switched_off_comes_back(
    kms: KmsServer, keyring: KmsKeyring, state: str, reason: str
) -> None:
    wrapped = await keyring.wrap("acme", "c1", DATA_KEY)
    key = kms.keys[wrapped.kek_id.removeprefix("aws-kms/")]
    key.state = state
    for asking in (keyring.unwrap("acme", "c1", wrapped), keyring.wrap("acme", "c2", DATA_KEY)):
        with pytest.raises(InternalError) as caught:
            await asking
        assert caught.value.reason == reason
    key.state = "Enabled"
    assert await keyring.unwrap("acme", "c1", wrapped) == DATA_KEY


@pytest.mark.usefixtures("quick_retries")
async def test_a_kms_that_is_not_there_is_away() -> None:
    nowhere = KmsKeyring(KmsSettings(ONE_PER_TENANT, REGION, "http://127.0.0.1:9", ACCESS_KEY, "not-a-secret"))
    with pytest.raises(UnavailableError) as caught:
        await nowhere.wrap("acme", "c1", DATA_KEY)
    assert caught.value.reason == "KMS_AWAY"
    await nowhere.close()


async def test_one_key_for_all_tenants_is_rotated_and_deleted_elsewhere(kms: KmsServer) -> None:
    key = kms.make_key("made by somebody")
    shared = KmsKeyring(KmsSettings(key.arn, REGION, kms.url, ACCESS_KEY, "not-a-secret"))
    wrapped = await shared.wrap("acme", "c1", DATA_KEY)
    assert wrapped.kek_id == await shared.current("zen") == f"aws-kms/{key.arn}"
    for asking in (shared.rotate("acme"), shared.retire("acme", f"aws-kms/{kms.make_key().arn}")):
        with pytest.raises(WrongStateError) as caught:
            await asking
        assert caught.value.reason == "KEK_SHARED"
    with pytest.raises(InternalError) as damaged:
        await shared.unwrap("zen", "c1", wrapped)
    assert damaged.value.reason == "KEY_DAMAGED"
    await shared.close()


async def test_settings_choose_the_keyring(kms: KmsServer, tmp_path: Path) -> None:
    assert isinstance(open_keyring(Settings(home=str(tmp_path))), LocalKeyring)
    with pytest.raises(InvalidError, match="KEYRING_UNKNOWN"):
        open_keyring(Settings(home=str(tmp_path), keyring="vault"))
    with pytest.raises(InvalidError, match="SETTING_MISSING"):
        open_keyring(Settings(home=str(tmp_path), keyring="aws-kms"))
    with pytest.raises(InvalidError, match="TLS_REQUIRED"):
        plain = {"kms_key": ONE_PER_TENANT, "kms_region": REGION, "kms_endpoint": "http://kms.example:8080"}
        open_keyring(Settings(home=str(tmp_path), keyring="aws-kms", **plain))
    credentials = tmp_path / "kms.json"
    credentials.write_text(json.dumps({"access_key": ACCESS_KEY, "secret_key": "not-a-secret"}))
    before = await open_keyring(Settings(home=str(tmp_path))).wrap("acme", "c1", DATA_KEY)
    chosen = open_keyring(
        Settings(
            home=str(tmp_path),
            keyring="aws-kms",
            kms_key=ONE_PER_TENANT,
            kms_region=REGION,
            kms_endpoint=kms.url,
            kms_credentials_file=str(credentials),
        )
    )
    assert await chosen.unwrap("acme", "c1", before) == DATA_KEY
    assert (await chosen.wrap("acme", "c2", DATA_KEY)).kek_id.startswith("aws-kms/")
    await chosen.close()
