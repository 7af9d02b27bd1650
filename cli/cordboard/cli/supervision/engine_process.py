"""The engine's own processes, as the supervisor runs them."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from signal import SIGTERM, Signals

from cordboard.cli.supervision.child import Child, Launch
from cordboard.cli.supervision.poll import check_owner
from cordboard.cli.supervision.port_book import LOOPBACK, PortBook
from cordboard.cli.supervision.service import Kind
from cordboard.cli.supervision.state_directory import StateDirectory
from cordboard.core.errors import UnavailableError

# Settings of the person who runs the supervisor that every process gets as well.
_PASSED_ON = (
    "CORDBOARD_LOG_LEVEL",
    "CORDBOARD_OTLP_ENDPOINT",
    "CORDBOARD_BUILD_ID",
    "CORDBOARD_REGION",
    "CORDBOARD_ANALYST_URL",
    "CORDBOARD_ANALYST_MODEL",
    "CORDBOARD_ANALYST_KEY_FILE",
    "CORDBOARD_SPEECH_URL",
    "CORDBOARD_SPEECH_KEY_FILE",
    "CORDBOARD_ASR_MODEL",
    "CORDBOARD_TTS_MODEL",
    "CORDBOARD_TTS_VOICE",
    "CORDBOARD_VOICE_TALKS",
    "CORDBOARD_CHAT_URL",
    "CORDBOARD_CHAT_KEY_FILE",
    "CORDBOARD_CHAT_MODEL",
)


@dataclass(frozen=True)
class Role:
    """What one kind of process is: its module, what it needs, and which of the shared settings it gets."""

    component: str
    module: str
    needs: tuple[str, ...]
    settings: tuple[str, ...]
    serves_http: bool = False
    stop_signal: Signals = SIGTERM
    """What ends it when everything is stopped; SIGTERM alone would have a media node wait for its calls' ends."""


@dataclass(frozen=True)
class EngineProcess:
    """One instance of a role.

    `shared` gives the settings that processes share, as they are at the moment of a start.
    """

    role: Role
    number: int
    directory: StateDirectory
    ports: PortBook
    shared: Callable[[], dict[str, str]]
    kind: Kind = "process"

    @property
    def name(self) -> str:
        """Its instance name, such as `media-node-1`."""
        return f"{self.role.component}-{self.number}"

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the services that must serve before it starts."""
        return self.role.needs

    async def prepare(self) -> None:
        """Make nothing: each process looks after its own folders."""

    def launch(self) -> Launch:
        """Start its module with the settings that it needs, and no others."""
        shared = self.shared()
        env = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        env |= {name: shared[name] for name in self.role.settings}
        env |= {
            "CORDBOARD_HOME": str(self.directory.root),
            "CORDBOARD_KEYS_DIR": str(self.directory.keys),
            "CORDBOARD_INSTANCE": self.name,
            "CORDBOARD_LISTEN": self.ports.address(f"{self.name}.grpc"),
            "PYTHONUNBUFFERED": "1",
        }
        if self.role.serves_http:
            env["CORDBOARD_HTTP_LISTEN"] = self.ports.address(f"{self.name}.http")
        command = (sys.executable, "-P", "-m", self.role.module)
        stop = self.role.stop_signal
        return Launch(command=command, env=env, cwd=self.directory.root, stop_signal=stop, announces=True)

    async def serving(self, child: Child) -> dict[str, str]:
        """Wait for its ready line, and check that the addresses it names are its own."""
        said = await child.announcement()
        addresses: dict[str, str] = {}
        for name in ("grpc", "http"):
            address = str(said.get(name, "")).removeprefix("http://")
            if address:
                host, _, port = address.rpartition(":")
                if host != LOOPBACK or not port.isdecimal():
                    raise UnavailableError("READY_LINE_INVALID", "its ready line is not valid", process=self.name)
                check_owner(child, int(port))
                addresses[name] = f"http://{address}" if name == "http" else address
        return addresses
