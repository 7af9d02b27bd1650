"""Which keyring a ledger has, by its settings; and the one before it, for what that one wrapped."""

import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from cordboard.audit_log.keyring import KeyWrapper, WrappedKey
from cordboard.audit_log.local_keyring import LocalKeyring
from cordboard.audit_log.memory.keyring import PREFIX as LOCAL_PREFIX
from cordboard.core.errors import InternalError, InvalidError
from cordboard.runtime.settings import Settings
from cordboard.runtime.transport_security import is_loopback

LOCAL = "local"
AWS_KMS = "aws-kms"
_FILE = "keyring.json"


def open_keyring(settings: Settings) -> KeyWrapper:
    """Give the keyring that `CORDBOARD_KEYRING` names. Raises InvalidError (KEYRING_UNKNOWN, SETTING_MISSING,
    TLS_REQUIRED).

    After a change of the setting the other one goes on opening what it wrapped, and `rewrap` moves that over.
    """
    path = settings.home_path / _FILE
    if settings.keyring == LOCAL:
        former = {f"{AWS_KMS}/": _kms(settings)} if settings.kms_key else {}
        return _with_former(LocalKeyring(path), LOCAL_PREFIX, former)
    if settings.keyring == AWS_KMS:
        former = {LOCAL_PREFIX: LocalKeyring(path)} if path.exists() else {}
        return _with_former(_kms(settings), f"{AWS_KMS}/", former)
    raise InvalidError("KEYRING_UNKNOWN", "CORDBOARD_KEYRING is neither local nor aws-kms", keyring=settings.keyring)


def _kms(settings: Settings) -> KeyWrapper:
    # The client is installed with the extra `aws-kms` only.
    from cordboard.audit_log.kms_keyring import KmsKeyring, KmsSettings

    endpoint = urlsplit(settings.kms_endpoint)
    if settings.kms_endpoint and endpoint.scheme != "https" and not is_loopback(endpoint.hostname or ""):
        # Data keys travel in it.
        raise InvalidError("TLS_REQUIRED", "beyond loopback CORDBOARD_KMS_ENDPOINT begins with https")
    given = {}
    if settings.kms_credentials_file:
        kept: dict[str, str] = json.loads(Path(settings.kms_credentials_file).read_text(encoding="utf-8"))
        given = {"access_key": kept["access_key"], "secret_key": kept["secret_key"]}
    return KmsKeyring(
        KmsSettings(
            key=settings.require("kms_key"), region=settings.kms_region, endpoint=settings.kms_endpoint, **given
        )
    )


def _with_former(newest: KeyWrapper, prefix: str, former: Mapping[str, KeyWrapper]) -> KeyWrapper:
    return ChangedKeyring({prefix: newest, **former}, newest) if former else newest


class ChangedKeyring:
    """A keyring that took the place of another: wraps by the new one, unwraps by whoever wrapped."""

    def __init__(self, by_prefix: Mapping[str, KeyWrapper], newest: KeyWrapper) -> None:
        """Name each keyring by what its keys' names begin with."""
        self._by_prefix = by_prefix
        self._newest = newest

    async def wrap(self, tenant: str, call_id: str, data_key: bytes) -> WrappedKey:
        """Encrypt by the new keyring; see KeyWrapper.wrap."""
        return await self._newest.wrap(tenant, call_id, data_key)

    async def unwrap(self, tenant: str, call_id: str, wrapped: WrappedKey) -> bytes:
        """Decrypt by the keyring that encrypted; see KeyWrapper.unwrap."""
        return await self._keyring_of(wrapped.kek_id).unwrap(tenant, call_id, wrapped)

    async def rewrap(self, tenant: str, call_id: str, wrapped: WrappedKey) -> WrappedKey:
        """Encrypt by the new keyring; see KeyWrapper.rewrap."""
        keyring = self._keyring_of(wrapped.kek_id)
        if keyring is self._newest:
            return await keyring.rewrap(tenant, call_id, wrapped)
        return await self._newest.wrap(tenant, call_id, await keyring.unwrap(tenant, call_id, wrapped))

    async def current(self, tenant: str) -> str:
        """Name the new keyring's newest version; see KeyWrapper.current."""
        return await self._newest.current(tenant)

    async def rotate(self, tenant: str) -> str:
        """Make a new version in the new keyring; see KeyWrapper.rotate."""
        return await self._newest.rotate(tenant)

    async def retire(self, tenant: str, kek_id: str) -> None:
        """Destroy a version of either; see KeyWrapper.retire. The former keyring keeps its newest."""
        await self._keyring_of(kek_id).retire(tenant, kek_id)

    async def close(self) -> None:
        """Close both."""
        for keyring in self._by_prefix.values():
            await keyring.close()

    def _keyring_of(self, kek_id: str) -> KeyWrapper:
        for prefix, keyring in self._by_prefix.items():
            if kek_id.startswith(prefix):
                return keyring
        raise InternalError("KEK_MISSING", "no keyring has a key of this kind", key=kek_id)
