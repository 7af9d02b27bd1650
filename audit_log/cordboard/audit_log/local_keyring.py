"""Tenant keys in a file."""

import base64
import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from cordboard.audit_log.memory.keyring import MemoryKeyring


class LocalKeyring(MemoryKeyring):
    """Versions of tenants' keys in one file that only its user can read.

    Losing the file loses the PHI of every call: it belongs into the backup, apart from the database's. Several
    processes may share it: each reads it again when it has changed, and changes it under a lock.
    """

    def __init__(self, path: Path, randomness: Callable[[int], bytes] = os.urandom) -> None:
        """Read the keyring, or begin an empty one."""
        super().__init__(randomness)
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._refresh()

    def _refresh(self) -> None:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return
        seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if seen != self._seen:
            kept: dict[str, str] = json.loads(self._path.read_text(encoding="utf-8"))
            self._keys = {kek_id: base64.b64decode(key) for kek_id, key in kept.items()}
            self._seen = seen

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(self._path.with_suffix(".lock"), os.O_WRONLY | os.O_CREAT, 0o600), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._refresh()
            before = dict(self._keys)
            try:
                yield
                if self._keys != before:
                    self._save()
            except BaseException:
                # What is not on the disk is not to be used: it would be gone with the process.
                self._keys = before
                raise

    def _save(self) -> None:
        fresh = self._path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({kek_id: base64.b64encode(key).decode() for kek_id, key in self._keys.items()}, file)
            file.flush()
            os.fsync(file.fileno())
        # A crash leaves the old file or the new one, never half of one.
        fresh.replace(self._path)
        directory = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        self._seen = None
        self._refresh()
