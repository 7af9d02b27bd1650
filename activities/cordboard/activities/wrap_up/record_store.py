"""Where wrap-up keeps what it makes: each object is written once and never again."""

import contextlib
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import aioboto3
from aiobotocore.config import AioConfig
from botocore.exceptions import BotoCoreError, ClientError

from cordboard.core.errors import ConflictError, UnavailableError
from cordboard.runtime.wall_clock import utc_now

_CONFIG = AioConfig(connect_timeout=5, read_timeout=120, retries={"max_attempts": 1}, s3={"addressing_style": "path"})
_TAKEN = frozenset({"PreconditionFailed", "412"})
_NO_OBJECT = frozenset({"404", "405", "NoSuchKey", "MethodNotAllowed"})
_NO_LOCK = frozenset({"InvalidRequest", "ObjectLockConfigurationNotFoundError", "NotImplemented", "NoSuchBucket"})


@dataclass(frozen=True, slots=True)
class Kept:
    """What stands in the store under a key."""

    sha256: bytes
    size: int
    retained_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """What became of objects that were to go: how many are gone, how many stay, and until when the last is locked."""

    gone: int
    kept: int = 0
    kept_until: datetime | None = None


class RecordStore(Protocol):
    """Keeps objects by key, each once."""

    @property
    def bucket(self) -> str:
        """The name of the bucket."""
        ...

    async def put_once(self, key: str, data: bytes, media_type: str, *, retain: bool = False) -> Kept:
        """Keep an object, and have the store refuse to change or remove it where `retain` is asked and it can.

        What stands there already with the same bytes is fine. Raises ConflictError(OBJECT_DIFFERS) when other bytes
        stand there, UnavailableError(STORE_AWAY).
        """
        ...

    async def get(self, key: str) -> bytes | None:
        """Give an object, None when it is not there. Raises UnavailableError(STORE_AWAY)."""
        ...

    async def remove(self, prefix: str) -> Removed:
        """Remove all versions of all objects whose keys begin so, but those that are locked.

        Raises UnavailableError(STORE_AWAY).
        """
        ...


class MemoryRecordStore:
    """A `RecordStore` in a dictionary; `away` makes it fail as a store does that cannot be reached."""

    bucket = "memory"

    def __init__(self, retention: timedelta | None = None) -> None:
        """Hold nothing; `retention` is how long what is retained would be."""
        self.objects: dict[str, bytes] = {}
        self.media_types: dict[str, str] = {}
        self.away = False
        self._retention = retention
        self._locked: dict[str, datetime] = {}

    async def put_once(self, key: str, data: bytes, media_type: str, *, retain: bool = False) -> Kept:
        """Keep an object; see RecordStore.put_once."""
        self._check()
        if self.objects.setdefault(key, data) != data:
            raise _differs(key)
        self.media_types[key] = media_type
        until = utc_now() + self._retention if retain and self._retention else None
        if until is not None:
            self._locked[key] = until
        return Kept(hashlib.sha256(data).digest(), len(data), until)

    async def get(self, key: str) -> bytes | None:
        """Give an object."""
        self._check()
        return self.objects.get(key)

    async def remove(self, prefix: str) -> Removed:
        """Remove objects; see RecordStore.remove."""
        self._check()
        found = [key for key in self.objects if key.startswith(prefix)]
        locked = [self._locked[key] for key in found if key in self._locked]
        for key in found:
            if key not in self._locked:
                del self.objects[key]
        return Removed(len(found) - len(locked), len(locked), max(locked, default=None))

    def _check(self) -> None:
        if self.away:
            raise UnavailableError("STORE_AWAY", "the object store cannot be reached")


class S3RecordStore:
    """A `RecordStore` in one bucket of an S3 server, encrypted at rest; made by `S3RecordStore.open`."""

    def __init__(self, client: Any, bucket: str, retention: timedelta | None) -> None:
        """Use a client that the caller opened; `retention` is None where nothing is to be locked."""
        self._client = client
        self._bucket = bucket
        self._retention = retention
        self._locks: bool | None = None

    @staticmethod
    @contextlib.asynccontextmanager
    async def open(
        endpoint: str, credentials_file: Path, bucket: str, retention: timedelta | None = None
    ) -> AsyncIterator["S3RecordStore"]:
        """Open a store; the file holds `access_key` and `secret_key` as JSON."""
        credentials = json.loads(credentials_file.read_text(encoding="utf-8"))
        session = aioboto3.Session(
            aws_access_key_id=credentials["access_key"],
            aws_secret_access_key=credentials["secret_key"],
            region_name="us-east-1",
        )
        async with session.client("s3", endpoint_url=endpoint, config=_CONFIG) as client:
            yield S3RecordStore(client, bucket, retention)

    @property
    def bucket(self) -> str:
        """The name of the bucket."""
        return self._bucket

    async def put_once(self, key: str, data: bytes, media_type: str, *, retain: bool = False) -> Kept:
        """Keep an object; see RecordStore.put_once."""
        lock: dict[str, Any] = {}
        if retain and self._retention and await self._can_lock():
            until = utc_now() + self._retention
            lock = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
        try:
            await self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=data,
                ContentType=media_type,
                ServerSideEncryption="AES256",
                IfNoneMatch="*",
                **lock,
            )
        except ClientError as error:
            if _code(error) in _TAKEN:
                return await self._found(key, data)
            raise _away() from error
        except (BotoCoreError, OSError) as error:
            raise _away() from error
        return Kept(hashlib.sha256(data).digest(), len(data), lock.get("ObjectLockRetainUntilDate"))

    async def get(self, key: str) -> bytes | None:
        """Give an object."""
        try:
            response = await self._client.get_object(Bucket=self._bucket, Key=key)
            async with response["Body"] as body:
                data: bytes = await body.read()
        except self._client.exceptions.NoSuchKey:
            return None
        except (BotoCoreError, ClientError, OSError) as error:
            raise _away() from error
        return data

    async def remove(self, prefix: str) -> Removed:
        """Remove objects; see RecordStore.remove."""
        gone, kept = 0, []
        try:
            pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix)
            async for page in pages:
                for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                    until = await self._locked_until(one["Key"], one["VersionId"])
                    if until is not None and until > utc_now():
                        kept.append(until)
                        continue
                    await self._client.delete_object(Bucket=self._bucket, Key=one["Key"], VersionId=one["VersionId"])
                    gone += 1
        except (BotoCoreError, ClientError, OSError) as error:
            raise _away() from error
        return Removed(gone, len(kept), max(kept, default=None))

    async def _locked_until(self, key: str, version: str) -> datetime | None:
        try:
            head = await self._client.head_object(Bucket=self._bucket, Key=key, VersionId=version)
        except ClientError as error:
            if _code(error) in _NO_OBJECT:
                # A mark of removal is no object.
                return None
            raise
        until: datetime | None = head.get("ObjectLockRetainUntilDate")
        return until

    async def _found(self, key: str, data: bytes) -> Kept:
        """Compare what stands there: an earlier try has written it, or it is not ours."""
        there = await self.get(key)
        if there != data:
            raise _differs(key)
        try:
            head = await self._client.head_object(Bucket=self._bucket, Key=key)
        except (BotoCoreError, ClientError, OSError) as error:
            raise _away() from error
        until: datetime | None = head.get("ObjectLockRetainUntilDate")
        return Kept(hashlib.sha256(data).digest(), len(data), until)

    async def _can_lock(self) -> bool:
        if self._locks is None:
            try:
                found = await self._client.get_object_lock_configuration(Bucket=self._bucket)
                self._locks = found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled"
            except ClientError as error:
                if _code(error) not in _NO_LOCK and "ObjectLock" not in _code(error):
                    raise _away() from error
                self._locks = False
            except (BotoCoreError, OSError) as error:
                raise _away() from error
        return bool(self._locks)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _away() -> UnavailableError:
    return UnavailableError("STORE_AWAY", "the object store did not do it")


def _differs(key: str) -> ConflictError:
    return ConflictError("OBJECT_DIFFERS", "another object stands there already", object_key=key)
