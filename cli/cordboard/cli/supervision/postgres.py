"""PostgreSQL as a plain process of this folder."""

import asyncio
import hashlib
import os
import pwd
import secrets
import shutil
import signal
from pathlib import Path

import asyncpg

from cordboard.cli.supervision.child import Child, Launch, as_user
from cordboard.cli.supervision.poll import check_owner, poll
from cordboard.cli.supervision.port_book import LOOPBACK, PortBook
from cordboard.cli.supervision.program import find_postgres
from cordboard.cli.supervision.service import Kind
from cordboard.cli.supervision.state_directory import StateDirectory
from cordboard.core.errors import UnavailableError

OWNER = "cordboard"
WORKER = "worker"
DATABASES = ("cordboard", "vertical")
# Who reaches which database as whom. The worker has a schema of its own beside the record, and no right to the record.
ACCESSES = {
    "ledger": (OWNER, "cordboard"),
    "worker": (WORKER, "cordboard"),
    "vertical": (WORKER, "vertical"),
}
# PostgreSQL refuses to run as root, and the user that it then runs as cannot look into root's home.
SYSTEM_DIRECTORY = Path("/var/lib/cordboard")
# What people said must not reach the server's log: no statement texts, no row contents.
_OPTIONS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "120",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class PostgresServer:
    """The server, its databases, and the files that tell other processes how to reach them."""

    name = "postgres"
    kind: Kind = "server"
    needs: tuple[str, ...] = ()

    def __init__(self, directory: StateDirectory, ports: PortBook) -> None:
        """Describe the server of one folder."""
        self._directory = directory
        self._ports = ports
        self._user = _other_user() if os.geteuid() == 0 else ""
        self._programs = Path()

    def url_file(self, access: str) -> Path:
        """Name the file that holds the URL of an access: `ledger`, `worker` or `vertical`."""
        return self._directory.secrets / f"postgres-{access}-url"

    async def prepare(self) -> None:
        """Make the cluster when it is missing, and write the URL files."""
        self._programs = await asyncio.to_thread(_system_copy if self._user else find_postgres)
        port = self._ports.port("postgres.sql")
        for access, (role, database) in ACCESSES.items():
            url = f"postgresql://{role}:{self._password(role)}@{LOOPBACK}:{port}/{database}"
            self._directory.write_private(self.url_file(access), url)
        if not (self._cluster / "PG_VERSION").exists():
            await asyncio.to_thread(self._make_place)
            await self._initialise()

    def launch(self) -> Launch:
        """Start `postgres` itself, so that the process watched is the server."""
        options = [part for key, value in _OPTIONS.items() for part in ("-c", f"{key}={value}")]
        port = str(self._ports.port("postgres.sql"))
        return Launch(
            command=(str(self._programs / "bin" / "postgres"), "-D", str(self._cluster), "-p", port, *options),
            env={"LC_ALL": "C.UTF-8", "TZ": "UTC"},
            user=self._user,
            stop_signal=signal.SIGINT,
        )

    async def serving(self, child: Child) -> dict[str, str]:
        """Wait until it answers queries, and make the databases."""
        await poll(child, self._answers)
        check_owner(child, self._ports.port("postgres.sql"))
        connection = await self._connect()
        try:
            await self._make_databases(connection)
        finally:
            await connection.close()
        return {"sql": self._ports.address("postgres.sql")}

    async def _answers(self) -> bool:
        try:
            connection = await self._connect()
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        await connection.close()
        return True

    async def _make_databases(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", WORKER):
            # A password made by token_urlsafe holds nothing that wants quoting.
            await connection.execute(f"CREATE ROLE {WORKER} LOGIN PASSWORD '{self._password(WORKER)}'")
        present = {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
        for database in DATABASES:
            if database not in present:
                await connection.execute(f"CREATE DATABASE {database}")
        await connection.execute(f"GRANT CREATE ON DATABASE cordboard TO {WORKER}")
        await connection.execute(f"ALTER DATABASE vertical OWNER TO {WORKER}")

    def _password(self, role: str) -> str:
        name = "postgres-password" if role == OWNER else f"postgres-{role}-password"
        return self._directory.secret(name, lambda: secrets.token_urlsafe(24))

    async def _connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(
            host=LOOPBACK,
            port=self._ports.port("postgres.sql"),
            user=OWNER,
            password=self._password(OWNER),
            database="postgres",
            timeout=5,
        )

    @property
    def _place(self) -> Path:
        link = self._directory.root / "postgres"
        return link.readlink() if link.is_symlink() else link

    @property
    def _cluster(self) -> Path:
        return self._place / "data"

    def _make_place(self) -> None:
        link = self._directory.root / "postgres"
        if not self._user:
            link.mkdir(exist_ok=True, mode=0o700)
            return
        SYSTEM_DIRECTORY.mkdir(parents=True, exist_ok=True, mode=0o755)
        if not link.is_symlink():
            digest = hashlib.sha256(str(self._directory.root).encode()).hexdigest()[:8]
            place = SYSTEM_DIRECTORY / f"postgres-{digest}-{secrets.token_hex(4)}"
            place.mkdir(mode=0o700)
            link.symlink_to(place)
        place = link.readlink()
        place.mkdir(exist_ok=True, mode=0o700)
        account = pwd.getpwnam(self._user)
        os.chown(place, account.pw_uid, account.pw_gid)

    async def _initialise(self) -> None:
        partial = self._place / "new"
        shutil.rmtree(partial, ignore_errors=True)
        password_file = self._directory.write_private(self._place / "password", self._password(OWNER))
        if self._user:
            account = pwd.getpwnam(self._user)
            os.chown(password_file, account.pw_uid, account.pw_gid)
        process = await asyncio.create_subprocess_exec(
            *as_user(self._user),
            str(self._programs / "bin" / "initdb"),
            *("-D", str(partial), "-U", OWNER, "--auth=scram-sha-256", f"--pwfile={password_file}"),
            *("-E", "UTF8", "--locale=C.UTF-8"),
            cwd="/",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await process.communicate()
        password_file.unlink()
        if process.returncode:
            (self._directory.logs / "initdb.log").write_bytes(said)
            raise UnavailableError("INITDB_FAILED", "PostgreSQL's data folder could not be made; see logs/initdb.log")
        partial.rename(self._cluster)


def remove_data(directory: StateDirectory) -> None:
    """Delete what PostgreSQL keeps for a folder that is no longer wanted."""
    link = directory.root / "postgres"
    if link.is_symlink():
        shutil.rmtree(link.readlink(), ignore_errors=True)
        link.unlink()
    else:
        shutil.rmtree(link, ignore_errors=True)


def _other_user() -> str:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise UnavailableError("NO_USER", "PostgreSQL cannot run as root, and there is no user `postgres` or `nobody`")


def _system_copy() -> Path:
    """Give PostgreSQL's programs in a place that every user can read; copied there once per version."""
    source = find_postgres()
    # Named for what is in it, so that every folder of this version shares one copy.
    digest = hashlib.sha256((source / "bin" / "postgres").read_bytes()).hexdigest()
    copy = SYSTEM_DIRECTORY / f"postgresql-{digest[:12]}"
    # The programs look for the libraries of their wheel by a relative path, so both keep their places.
    place = Path(source.parent.name) / source.name
    if not copy.exists():
        SYSTEM_DIRECTORY.mkdir(parents=True, exist_ok=True, mode=0o755)
        partial = SYSTEM_DIRECTORY / f".copy-{os.getpid()}-{secrets.token_hex(4)}"
        shutil.copytree(source, partial / place, symlinks=True)
        libraries = source.parent.with_name(f"{source.parent.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, partial / libraries.name)
        for folder in (partial, partial / place.parent):
            folder.chmod(0o755)
        try:
            partial.rename(copy)
        except OSError:
            # Another supervisor was first.
            shutil.rmtree(partial)
    return copy / place
