"""Which port each process of a folder listens on: chosen once, remembered, changed only when it is taken."""

import contextlib
import json
import random
import socket

from cordboard.cli.supervision.state_directory import StateDirectory
from cordboard.core.errors import ExhaustedError

LOOPBACK = "127.0.0.1"
# Below the kernel's ephemeral range, and within the 15 bits that Temporal's membership allows.
FIRST, LAST = 12_000, 32_000


class PortBook:
    """The ports of one state directory, by name such as `postgres.sql`."""

    def __init__(self, directory: StateDirectory) -> None:
        """Read what is remembered."""
        self._directory = directory
        self._file = directory.root / "ports.json"
        self._ports: dict[str, int] = {}
        with contextlib.suppress(FileNotFoundError, ValueError):
            self._ports = {str(name): int(port) for name, port in json.loads(self._file.read_text()).items()}
        self._random = random.SystemRandom()

    def port(self, name: str, *, mirror: int = 0) -> int:
        """Give the port of `name`, choosing one when it has none.

        With `mirror`, the port that lies so much higher is kept free as well.
        """
        if name not in self._ports:
            self._ports[name] = self._choose(mirror)
            self._save()
        return self._ports[name]

    def address(self, name: str) -> str:
        """Give the `host:port` of `name`."""
        return f"{LOOPBACK}:{self.port(name)}"

    def renew(self, service: str) -> bool:
        """Forget those ports of `service` that somebody else listens on; tell whether there was one."""
        taken = [name for name, port in self._ports.items() if name.split(".")[0] == service and not _is_free(port)]
        for name in taken:
            del self._ports[name]
        if taken:
            self._save()
        return bool(taken)

    def _choose(self, mirror: int) -> int:
        used = set(self._ports.values())
        for _ in range(200):
            port = self._random.randint(FIRST, LAST - mirror)
            pair = {port, port + mirror}
            if not pair & used and all(_is_free(each) for each in pair):
                return port
        raise ExhaustedError("NO_FREE_PORT", "no free port was found on the loopback interface")

    def _save(self) -> None:
        self._directory.write_private(self._file, json.dumps(self._ports, indent=1, sort_keys=True))


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
