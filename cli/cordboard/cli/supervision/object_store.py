"""SeaweedFS as the S3 store of this folder: encrypted at rest, closed to the unauthenticated, silent to the outside."""

import json
import secrets
from pathlib import Path

import aiohttp

from cordboard.cli.supervision.child import Child, Launch
from cordboard.cli.supervision.poll import check_owner, poll
from cordboard.cli.supervision.port_book import LOOPBACK, PortBook
from cordboard.cli.supervision.program import find_program
from cordboard.cli.supervision.s3_request import S3Keys, send
from cordboard.cli.supervision.service import Kind
from cordboard.cli.supervision.state_directory import StateDirectory
from cordboard.core.errors import UnavailableError

BUCKET = "cordboard"
CANARY = "canary/encrypted-at-rest"
# Without signing keys the filer's port lets anybody delete any bucket; without the key-encryption key no object can
# be encrypted, and with another one than before none can be read.
_SECURITY = """\
[jwt.signing]
key = "{signing}"
[jwt.filer_signing]
key = "{filer}"
[jwt.filer_signing.read]
key = "{filer_read}"
[s3.sse]
kek = "{kek}"
"""
# Its worker finds the admin's gRPC port by adding this to the HTTP port.
_ADMIN_GRPC_OFFSET = 10_000
_PORT_FLAGS = {
    "-master.port": "master",
    "-master.port.grpc": "master-grpc",
    "-volume.port": "volume",
    "-volume.port.grpc": "volume-grpc",
    "-filer.port": "filer",
    "-filer.port.grpc": "filer-grpc",
    "-s3.port": "http",
    "-s3.port.grpc": "grpc",
    "-metricsPort": "metrics",
}


class ObjectStore:
    """The S3 server, its bucket, and the file that tells other processes how to reach it."""

    name = "s3"
    kind: Kind = "server"
    needs: tuple[str, ...] = ()

    def __init__(self, directory: StateDirectory, ports: PortBook) -> None:
        """Describe the store of one folder."""
        self._directory = directory
        self._ports = ports

    @property
    def credentials_file(self) -> Path:
        """The file with `access_key` and `secret_key`, as JSON."""
        return self._directory.secrets / "s3-credentials.json"

    async def prepare(self) -> None:
        """Write its configuration; the keys are made once and kept."""
        place = self._directory.root / "s3"
        (place / "data").mkdir(parents=True, exist_ok=True, mode=0o700)
        names = ("signing", "filer", "filer_read", "kek")
        kept = {name: self._directory.secret(f"s3-{name}", lambda: secrets.token_hex(32)) for name in names}
        self._directory.write_private(place / "security.toml", _SECURITY.format(**kept))
        keys = self._keys()
        identity = {
            "name": "cordboard",
            "credentials": [{"accessKey": keys.access_key, "secretKey": keys.secret_key}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        self._directory.write_private(place / "s3.json", json.dumps({"identities": [identity]}))
        credentials = {"access_key": keys.access_key, "secret_key": keys.secret_key}
        self._directory.write_private(self.credentials_file, json.dumps(credentials))

    def launch(self) -> Launch:
        """Start all of SeaweedFS in one process; every port is on the loopback interface and given."""
        admin = self._ports.port("s3.admin", mirror=_ADMIN_GRPC_OFFSET)
        ports = [f"{flag}={self._ports.port(f's3.{name}')}" for flag, name in _PORT_FLAGS.items()]
        command = (
            *(str(find_program("weed")), "mini", "-dir=data", f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}", *ports),
            *(f"-admin.port={admin}", f"-admin.port.grpc={admin + _ADMIN_GRPC_OFFSET}", "-admin.ui=false"),
            *("-s3.port.iceberg=0", "-s3.port.lance=0", "-webdav=false", "-master.telemetry=false"),
            "-s3.config=s3.json",
        )
        return Launch(command=command, cwd=self._directory.root / "s3")

    async def serving(self, child: Child) -> dict[str, str]:
        """Wait until it answers, make the bucket, and read back an encrypted object."""
        endpoint = self._ports.address("s3.http")
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            await poll(child, lambda: self._answers(session))
            check_owner(child, self._ports.port("s3.http"))
            await poll(child, lambda: self._keeps_secrets(session, endpoint))
        return {"http": f"http://{endpoint}"}

    async def _answers(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"http://{self._ports.address('s3.http')}/healthz") as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _keeps_secrets(self, session: aiohttp.ClientSession, endpoint: str) -> bool:
        """Prove that it can write; and read what an earlier life of it wrote, which needs the same key."""
        keys = self._keys()
        encrypted = {"x-amz-server-side-encryption": "AES256"}
        try:
            # Only a bucket that is made so can ever lock objects; one of an earlier life stays as it is.
            lockable = {"x-amz-bucket-object-lock-enabled": "true"}
            made, _ = await send(session, keys, "PUT", endpoint, f"/{BUCKET}", headers=lockable)
            if made not in {200, 409}:
                return False
            found, body = await send(session, keys, "GET", endpoint, f"/{BUCKET}/{CANARY}")
            if found == 404:
                put, _ = await send(session, keys, "PUT", endpoint, f"/{BUCKET}/{CANARY}", b"sings", encrypted)
                return put == 200
        except aiohttp.ClientError:
            return False
        except TimeoutError as error:
            raise UnavailableError("S3_KEY_CHANGED", "the S3 store cannot read what it wrote before") from error
        return found == 200 and body == b"sings"

    def _keys(self) -> S3Keys:
        return S3Keys(
            access_key=self._directory.secret("s3-access-key", lambda: secrets.token_hex(10)),
            secret_key=self._directory.secret("s3-secret-key", lambda: secrets.token_urlsafe(30)),
        )
