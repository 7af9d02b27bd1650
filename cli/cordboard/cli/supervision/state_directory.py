"""The folder that holds all that a running Cordboard keeps: secrets, keys, logs, data, who runs where."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from cordboard.core.errors import ConflictError


class StateDirectory:
    """A state directory (`.cordboard/`), readable by its user only."""

    def __init__(self, root: Path) -> None:
        """Name the directory; nothing is made yet."""
        self.root = root.absolute()

    def create(self) -> None:
        """Make the directory and its parts where they are missing."""
        for part in (self.root, self.logs, self.secrets, self.keys, self.root / "spool"):
            part.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.root.chmod(0o700)

    @property
    def logs(self) -> Path:
        """One log file per process."""
        return self.root / "logs"

    @property
    def secrets(self) -> Path:
        """Files that hold one secret each."""
        return self.root / "secrets"

    @property
    def keys(self) -> Path:
        """The identity keys of components and users."""
        return self.root / "keys"

    def secret(self, name: str, make: Callable[[], str]) -> str:
        """Give the secret `name`; it is made once and kept."""
        path = self.secrets / name
        if not path.exists():
            self.write_private(path, make())
        return path.read_text(encoding="utf-8")

    def write_private(self, path: Path, text: str) -> Path:
        """Write a file that only its user can read, at once or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        partial.replace(path)
        return path

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the directory for one supervisor. Raises ConflictError(ALREADY_RUNNING) when another holds it."""
        with (self.root / "up.lock").open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                lock.seek(0)
                raise ConflictError(
                    "ALREADY_RUNNING",
                    "Cordboard already runs in this folder; `cordboard status` shows it",
                    home=str(self.root),
                    pid=lock.read().strip(),
                ) from error
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield
            lock.truncate(0)

    def is_held(self) -> bool:
        """Tell whether a supervisor runs in this directory."""
        try:
            with (self.root / "up.lock").open("r", encoding="utf-8") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False
