"""Where sealed segments go: an S3 store, or a dictionary in tests."""

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

import aioboto3
from aiobotocore.config import AioConfig
from botocore.exceptions import BotoCoreError, ClientError

from cordboard.core.errors import UnavailableError

_CONFIG = AioConfig(connect_timeout=2, read_timeout=5, retries={"max_attempts": 1}, s3={"addressing_style": "path"})


class ObjectStore(Protocol):
    """Keeps objects by key. Writing the same key again replaces the object."""

    async def put(self, key: str, data: bytes) -> None:
        """Keep an object. Raises UnavailableError(STORE_AWAY)."""
        ...

    async def get(self, key: str) -> bytes | None:
        """Give an object, None when it is not there. Raises UnavailableError(STORE_AWAY)."""
        ...


class MemoryStore:
    """An `ObjectStore` in a dictionary; `away` makes it fail as a store does that cannot be reached."""

    def __init__(self) -> None:
        """Hold nothing."""
        self.objects: dict[str, bytes] = {}
        self.away = False

    async def put(self, key: str, data: bytes) -> None:
        """Keep an object."""
        self._check()
        self.objects[key] = data

    async def get(self, key: str) -> bytes | None:
        """Give an object."""
        self._check()
        return self.objects.get(key)

    def _check(self) -> None:
        if self.away:
            raise UnavailableError("STORE_AWAY", "the object store cannot be reached")


class S3Store:
    """An `ObjectStore` in one bucket of an S3 server; made by `S3Store.open`."""

    def __init__(self, client: Any, bucket: str) -> None:
        """Use a client that the caller opened."""
        self._client = client
        self._bucket = bucket

    @staticmethod
    @contextlib.asynccontextmanager
    async def open(endpoint: str, credentials_file: Path, bucket: str) -> AsyncIterator["S3Store"]:
        """Open a store; the file holds `access_key` and `secret_key` as JSON."""
        credentials = json.loads(credentials_file.read_text(encoding="utf-8"))
        session = aioboto3.Session(
            aws_access_key_id=credentials["access_key"],
            aws_secret_access_key=credentials["secret_key"],
            region_name="us-east-1",
        )
        async with session.client("s3", endpoint_url=endpoint, config=_CONFIG) as client:
            yield S3Store(client, bucket)

    async def put(self, key: str, data: bytes) -> None:
        """Keep an object."""
        with _translated():
            await self._client.put_object(Bucket=self._bucket, Key=key, Body=data)

    async def get(self, key: str) -> bytes | None:
        """Give an object."""
        with _translated():
            try:
                response = await self._client.get_object(Bucket=self._bucket, Key=key)
            except self._client.exceptions.NoSuchKey:
                return None
            async with response["Body"] as body:
                data: bytes = await body.read()
            return data


@contextlib.contextmanager
def _translated() -> Any:
    try:
        yield
    except (BotoCoreError, ClientError, OSError) as error:
        raise UnavailableError("STORE_AWAY", "the object store did not do it") from error
