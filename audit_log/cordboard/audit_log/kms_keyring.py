"""Tenant keys in AWS KMS."""

import asyncio
import contextlib
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aioboto3
from aiobotocore.config import AioConfig
from botocore.exceptions import ClientError

from cordboard.audit_log.keyring import WrappedKey, in_use
from cordboard.audit_log.kms_errors import code_of, kms_errors
from cordboard.core.errors import NotFoundError, WrongStateError

if TYPE_CHECKING:
    from types_aiobotocore_kms import KMSClient

PREFIX = "aws-kms/"
TENANT = "{tenant}"
ALIAS = "alias/"
# A call waits for it; standard retries of the client come on top.
CONNECT_SECONDS = 2.0
READ_SECONDS = 3.0
ATTEMPTS = 3
# KMS keeps a key that is to be destroyed for at least so long, for second thoughts.
RETIREMENT_DAYS = 7
_PLAIN_NAME = re.compile(r"[a-zA-Z0-9_-]{1,200}")


@dataclass(frozen=True, slots=True)
class KmsSettings:
    """Which key, where, and by whose right.

    `key` is an id, an ARN or an alias. An alias with `{tenant}` in it gives each tenant a key of its own, made when
    the tenant's first call comes. Without credentials the client finds them as it does everywhere in AWS.
    """

    key: str
    region: str = ""
    endpoint: str = ""
    access_key: str = ""
    secret_key: str = ""


class KmsKeyring:
    """Wraps by KMS itself: tenants' keys never leave it, and each use stands in its own log with tenant and call.

    A version is a KMS key, `aws-kms/{arn}`. Rotating makes a new one and points the tenant's alias at it. Tenant and
    call are the encryption context, so that one call's key cannot be passed off as another's.
    """

    def __init__(self, settings: KmsSettings) -> None:
        """Make a keyring; it connects when it is needed."""
        self._settings = settings
        self._own = settings.key.startswith(ALIAS) and TENANT in settings.key
        self._stack = contextlib.AsyncExitStack()
        self._client: KMSClient | None = None
        self._lock = asyncio.Lock()

    async def wrap(self, tenant: str, call_id: str, data_key: bytes) -> WrappedKey:
        """Encrypt a call's data key; see KeyWrapper.wrap."""
        kms, key = await self._kms(), self._key(tenant)
        context = _context(tenant, call_id)
        with kms_errors("Encrypt"):
            try:
                answer = await kms.encrypt(KeyId=key, Plaintext=data_key, EncryptionContext=context)
            except ClientError as error:
                if not self._is_first_call(error):
                    raise
                arn = await self._make_first(tenant)
                answer = await kms.encrypt(KeyId=arn, Plaintext=data_key, EncryptionContext=context)
        return WrappedKey(PREFIX + answer["KeyId"], answer["CiphertextBlob"])

    async def unwrap(self, tenant: str, call_id: str, wrapped: WrappedKey) -> bytes:
        """Decrypt a call's data key; see KeyWrapper.unwrap."""
        kms = await self._kms()
        with kms_errors("Decrypt"):
            answer = await kms.decrypt(
                KeyId=wrapped.kek_id.removeprefix(PREFIX),
                CiphertextBlob=wrapped.ciphertext,
                EncryptionContext=_context(tenant, call_id),
            )
        return answer["Plaintext"]

    async def rewrap(self, tenant: str, call_id: str, wrapped: WrappedKey) -> WrappedKey:
        """Encrypt under the newest version, inside of KMS; see KeyWrapper.rewrap."""
        kms, context = await self._kms(), _context(tenant, call_id)
        with kms_errors("ReEncrypt"):
            answer = await kms.re_encrypt(
                CiphertextBlob=wrapped.ciphertext,
                SourceKeyId=wrapped.kek_id.removeprefix(PREFIX),
                SourceEncryptionContext=context,
                DestinationKeyId=self._key(tenant),
                DestinationEncryptionContext=context,
            )
        return WrappedKey(PREFIX + answer["KeyId"], answer["CiphertextBlob"])

    async def current(self, tenant: str) -> str:
        """Name the tenant's newest version; see KeyWrapper.current."""
        kms = await self._kms()
        with kms_errors("DescribeKey"):
            try:
                found = await kms.describe_key(KeyId=self._key(tenant))
            except ClientError as error:
                if not self._is_first_call(error):
                    raise
                return PREFIX + await self._make_first(tenant)
        return PREFIX + found["KeyMetadata"].get("Arn", "")

    async def rotate(self, tenant: str) -> str:
        """Make a new key and point the tenant's alias at it; see KeyWrapper.rotate."""
        if not self._own:
            raise WrongStateError("KEK_SHARED", "one key serves all tenants; rotate it in KMS, then rewrap")
        kms = await self._kms()
        # So that there is an alias to be moved.
        await self.current(tenant)
        with kms_errors("CreateKey"):
            arn = await self._create(tenant)
            await kms.update_alias(AliasName=self._key(tenant), TargetKeyId=arn)
        return PREFIX + arn

    async def retire(self, tenant: str, kek_id: str) -> None:
        """Schedule a key's deletion; see KeyWrapper.retire."""
        if kek_id == await self.current(tenant):
            raise in_use(kek_id)
        if not self._own:
            raise WrongStateError("KEK_SHARED", "the key may serve other tenants; delete it in KMS", kek_id=kek_id)
        kms, arn = await self._kms(), kek_id.removeprefix(PREFIX)
        with kms_errors("ScheduleKeyDeletion"):
            found = (await kms.describe_key(KeyId=arn))["KeyMetadata"]
            if found.get("Description") != _description(tenant):
                raise NotFoundError("KEK_MISSING", "the tenant has no such key", kek_id=kek_id)
            if found.get("KeyState") != "PendingDeletion":
                await kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=RETIREMENT_DAYS)

    async def close(self) -> None:
        """Close the client's connections."""
        self._client = None
        await self._stack.aclose()

    async def _kms(self) -> "KMSClient":
        async with self._lock:
            if self._client is None:
                given = self._settings
                session = aioboto3.Session(
                    aws_access_key_id=given.access_key or None,
                    aws_secret_access_key=given.secret_key or None,
                    region_name=given.region or None,
                )
                config = AioConfig(
                    connect_timeout=CONNECT_SECONDS,
                    read_timeout=READ_SECONDS,
                    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                )
                with kms_errors("connect"):
                    self._client = await self._stack.enter_async_context(
                        session.client("kms", endpoint_url=given.endpoint or None, config=config)
                    )
            return self._client

    def _key(self, tenant: str) -> str:
        # An alias takes few characters; whoever has others is named by digest.
        plain = tenant if _PLAIN_NAME.fullmatch(tenant) else hashlib.sha256(tenant.encode()).hexdigest()
        return self._settings.key.replace(TENANT, plain)

    def _is_first_call(self, error: ClientError) -> bool:
        return self._own and code_of(error) == "NotFoundException"

    async def _make_first(self, tenant: str) -> str:
        kms = await self._kms()
        arn = await self._create(tenant)
        try:
            await kms.create_alias(AliasName=self._key(tenant), TargetKeyId=arn)
        except ClientError as error:
            if code_of(error) != "AlreadyExistsException":
                raise
            # Another process was faster; the key made here serves nobody.
            await kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=RETIREMENT_DAYS)
            return (await kms.describe_key(KeyId=self._key(tenant)))["KeyMetadata"].get("Arn", "")
        return arn

    async def _create(self, tenant: str) -> str:
        made = await (await self._kms()).create_key(Description=_description(tenant))
        return made["KeyMetadata"].get("Arn", "")


def _description(tenant: str) -> str:
    return f"Cordboard: calls of the tenant {tenant}"


def _context(tenant: str, call_id: str) -> dict[str, str]:
    return {"cordboard:tenant": tenant, "cordboard:call": call_id}
