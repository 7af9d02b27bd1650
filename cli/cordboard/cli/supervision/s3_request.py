"""The few S3 requests that the supervisor makes, signed by hand: loading an S3 library takes longer than the server.

Signature Version 4: canonical request, string to sign, key derivation.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp

REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class S3Keys:
    """The credentials of an S3 user."""

    access_key: str
    secret_key: str


async def send(
    session: aiohttp.ClientSession,
    keys: S3Keys,
    method: str,
    endpoint: str,
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    """Send one request and give its status and body. `path` needs no escaping."""
    signed = signed_headers(keys, method, endpoint, path, body, headers or {}, datetime.now(UTC))
    async with session.request(method, f"http://{endpoint}{path}", data=body, headers=signed) as response:
        return response.status, await response.read()


def signed_headers(
    keys: S3Keys,
    method: str,
    host: str,
    path: str,
    body: bytes,
    headers: Mapping[str, str],
    now: datetime,
) -> dict[str, str]:
    """Give the headers of a request together with its signature."""
    moment, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    digest = hashlib.sha256(body).hexdigest()
    signed = {"host": host, "x-amz-content-sha256": digest, "x-amz-date": moment, **headers}
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    canonical = f"{method}\n{path}\n\n{lines}\n{names}\n{digest}"
    scope = f"{day}/{REGION}/s3/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{keys.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"{keys.access_key}/{scope}"
    authorization = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return {**signed, "authorization": authorization}
