"""What is known of everything that runs in a folder, as the supervisor writes it and `cordboard status` reads it."""

import contextlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from cordboard.cli.supervision import process_table
from cordboard.cli.supervision.service import Kind
from cordboard.cli.supervision.state_directory import StateDirectory
from cordboard.core.errors import UnavailableError

Health = Literal["waiting", "starting", "ready", "restarting", "stopping", "stopped", "failed", "gone", "hung"]


@dataclass
class ServiceState:
    """How one service stands.

    `note` is a word for people on why it is not ready. `pid` is 0 while there is no process.
    """

    name: str
    kind: Kind
    health: Health = "waiting"
    pid: int = 0
    addresses: dict[str, str] = field(default_factory=dict)
    restarts: int = 0
    log: str = ""
    note: str = ""


@dataclass
class StackState:
    """How everything in a folder stands."""

    home: str
    pid: int = 0
    services: dict[str, ServiceState] = field(default_factory=dict)

    def address(self, component: str, name: str) -> str:
        """Give an address of the first instance of a component; empty when it has none."""
        for state in self.services.values():
            if state.name in {component, f"{component}-1"}:
                return state.addresses.get(name, "")
        return ""

    @property
    def is_healthy(self) -> bool:
        """Whether every service is ready."""
        return bool(self.services) and all(state.health == "ready" for state in self.services.values())

    def to_json(self) -> dict[str, Any]:
        """Give the state as JSON, the gateway's addresses first."""
        return {
            "grpc": self.address("gateway", "grpc"),
            "http": self.address("gateway", "http"),
            "home": self.home,
            "pid": self.pid,
            "healthy": self.is_healthy,
            "processes": [asdict(state) for state in self.services.values()],
        }

    def save(self, directory: StateDirectory) -> None:
        """Write the state down for other processes."""
        directory.write_private(directory.root / "state.json", json.dumps(self.to_json(), indent=1))

    @classmethod
    def load(cls, directory: StateDirectory) -> "StackState":
        """Read how things stand now. Raises UnavailableError(NOT_RUNNING) when no supervisor runs in the folder."""
        raw: dict[str, Any] = {}
        with contextlib.suppress(FileNotFoundError):
            raw = json.loads((directory.root / "state.json").read_text(encoding="utf-8"))
        if not raw or not directory.is_held():
            raise UnavailableError(
                "NOT_RUNNING",
                "Cordboard does not run in this folder; `cordboard up` starts it",
                home=str(directory.root),
            )
        services = {entry["name"]: ServiceState(**entry) for entry in raw["processes"]}
        for state in services.values():
            if state.pid and not process_table.is_alive(state.pid):
                state.health = "gone"
        return cls(home=raw["home"], pid=raw["pid"], services=services)
