"""A KMS for tests: a real HTTP server that speaks the protocol (JSON 1.1, `X-Amz-Target: TrentService.*`)."""

import base64
import json
import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ACCESS_KEY = "AKIDEXAMPLE"
REGION = "eu-test-1"
_ARN = f"arn:aws:kms:{REGION}:123456789012:"
_SIGNATURE = re.compile(
    rf"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/\d{{8}}/{REGION}/kms/aws4_request, "
    r"SignedHeaders=[a-z0-9;-]*x-amz-target[a-z0-9;-]*, Signature=[0-9a-f]{64}"
)

Body = dict[str, Any]


class KmsFaultError(Exception):
    """An error as KMS answers it."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


@dataclass
class KmsKey:
    """A key of the server."""

    arn: str
    description: str
    secret: bytes = field(default_factory=lambda: os.urandom(32))
    state: str = "Enabled"


@dataclass
class KmsServer:
    """Keys, aliases, what was asked of it, and errors that the next requests get."""

    url: str = ""
    keys: dict[str, KmsKey] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, Body]] = field(default_factory=list)
    faults: list[KmsFaultError] = field(default_factory=list)

    def make_key(self, description: str = "") -> KmsKey:
        key = KmsKey(f"{_ARN}key/{os.urandom(8).hex()}", description)
        self.keys[key.arn] = key
        return key

    def operations(self) -> list[str]:
        return [operation for operation, _ in self.asked]

    async def handle(self, request: web.Request) -> web.Response:
        try:
            body = self._answer(request, json.loads(await request.read()))
            return web.Response(text=json.dumps(body), content_type="application/x-amz-json-1.1")
        except KmsFaultError as fault:
            answer = json.dumps({"__type": fault.code, "message": "what KMS says to people"})
            return web.Response(text=answer, status=fault.status, content_type="application/x-amz-json-1.1")

    def _answer(self, request: web.Request, body: Body) -> Body:
        service, _, operation = request.headers.get("X-Amz-Target", "").partition(".")
        if service != "TrentService" or request.headers.get("Content-Type") != "application/x-amz-json-1.1":
            raise KmsFaultError("UnknownOperationException")
        if not _SIGNATURE.fullmatch(request.headers.get("Authorization", "")) or "X-Amz-Date" not in request.headers:
            raise KmsFaultError("MissingAuthenticationTokenException")
        self.asked.append((operation, body))
        if self.faults:
            raise self.faults.pop(0)
        operations: dict[str, Callable[[Body], Body]] = {
            "CreateKey": self._create_key,
            "CreateAlias": self._create_alias,
            "UpdateAlias": self._update_alias,
            "DescribeKey": lambda asked: {"KeyMetadata": _metadata(self._find(asked["KeyId"]))},
            "Encrypt": self._encrypt,
            "Decrypt": self._decrypt,
            "ReEncrypt": self._re_encrypt,
            "ScheduleKeyDeletion": self._schedule_deletion,
        }
        if operation not in operations:
            raise KmsFaultError("UnknownOperationException")
        return operations[operation](body)

    def _create_key(self, asked: Body) -> Body:
        return {"KeyMetadata": _metadata(self.make_key(asked.get("Description", "")))}

    def _create_alias(self, asked: Body) -> Body:
        if asked["AliasName"] in self.aliases:
            raise KmsFaultError("AlreadyExistsException")
        self.aliases[asked["AliasName"]] = self._find(asked["TargetKeyId"]).arn
        return {}

    def _update_alias(self, asked: Body) -> Body:
        if asked["AliasName"] not in self.aliases:
            raise KmsFaultError("NotFoundException")
        self.aliases[asked["AliasName"]] = self._find(asked["TargetKeyId"]).arn
        return {}

    def _schedule_deletion(self, asked: Body) -> Body:
        key = self._find(asked["KeyId"])
        if key.state == "PendingDeletion" or not 7 <= asked["PendingWindowInDays"] <= 30:
            raise KmsFaultError("KMSInvalidStateException")
        key.state = "PendingDeletion"
        return {"KeyId": key.arn, "KeyState": key.state}

    def _encrypt(self, asked: Body) -> Body:
        key = self._usable(asked["KeyId"])
        plaintext = base64.b64decode(asked["Plaintext"])
        blob = _seal(key, plaintext, asked.get("EncryptionContext", {}))
        return {"KeyId": key.arn, "CiphertextBlob": blob, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}

    def _decrypt(self, asked: Body) -> Body:
        key, plaintext = self._open(asked["CiphertextBlob"], asked.get("KeyId"), asked.get("EncryptionContext", {}))
        return {"KeyId": key.arn, "Plaintext": base64.b64encode(plaintext).decode()}

    def _re_encrypt(self, asked: Body) -> Body:
        context = asked.get("SourceEncryptionContext", {})
        source, plaintext = self._open(asked["CiphertextBlob"], asked.get("SourceKeyId"), context)
        key = self._usable(asked["DestinationKeyId"])
        blob = _seal(key, plaintext, asked.get("DestinationEncryptionContext", {}))
        return {"KeyId": key.arn, "SourceKeyId": source.arn, "CiphertextBlob": blob}

    def _open(self, blob: str, key_id: str | None, context: Body) -> tuple[KmsKey, bytes]:
        data = base64.b64decode(blob)
        arn, _, sealed = data.partition(b"\0")
        if arn.decode(errors="replace") not in self.keys:
            raise KmsFaultError("InvalidCiphertextException")
        key = self._usable(arn.decode())
        if key_id is not None and self._find(key_id).arn != key.arn:
            raise KmsFaultError("IncorrectKeyException")
        try:
            return key, AESGCM(key.secret).decrypt(sealed[:12], sealed[12:], _canonical(context))
        except InvalidTag as error:
            raise KmsFaultError("InvalidCiphertextException") from error

    def _find(self, key_id: str) -> KmsKey:
        arn = self.aliases.get(key_id, key_id)
        if arn not in self.keys:
            raise KmsFaultError("NotFoundException")
        return self.keys[arn]

    def _usable(self, key_id: str) -> KmsKey:
        key = self._find(key_id)
        if key.state == "Disabled":
            raise KmsFaultError("DisabledException")
        if key.state != "Enabled":
            raise KmsFaultError("KMSInvalidStateException")
        return key


@asynccontextmanager
async def kms_server() -> AsyncIterator[KmsServer]:
    """Serve a KMS on a free port of the loopback interface."""
    kms = KmsServer()
    app = web.Application()
    app.router.add_post("/", kms.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    kms.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield kms
    finally:
        await runner.cleanup()


def _metadata(key: KmsKey) -> Body:
    return {
        "KeyId": key.arn.rpartition("/")[2],
        "Arn": key.arn,
        "Description": key.description,
        "KeyState": key.state,
        "Enabled": key.state == "Enabled",
    }


def _seal(key: KmsKey, plaintext: bytes, context: Body) -> str:
    nonce = os.urandom(12)
    sealed = AESGCM(key.secret).encrypt(nonce, plaintext, _canonical(context))
    return base64.b64encode(key.arn.encode() + b"\0" + nonce + sealed).decode()


def _canonical(context: Body) -> bytes:
    return json.dumps(context, sort_keys=True).encode()
