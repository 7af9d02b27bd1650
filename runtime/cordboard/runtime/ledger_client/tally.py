"""How many events a producer has numbered, told by a file that outlasts a process that is killed."""

import contextlib
import fcntl
import mmap
import os
import struct
from collections.abc import Iterator
from pathlib import Path

_COUNT = struct.Struct("=Q")
SUFFIX = ".count"
_LONGEST = 1_024


class Tally:
    """A number in a mapped page: counting costs no system call, and SIGKILL takes nothing of it."""

    def __init__(self, path: Path, source: str) -> None:
        """Begin to count in a file, which is locked while its process lives. Raises OSError."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        os.pwrite(self._fd, _COUNT.pack(0) + source.encode(), 0)
        self._page = mmap.mmap(self._fd, _COUNT.size)
        self.count = 0

    def add(self) -> None:
        """Count one event."""
        self.count += 1
        _COUNT.pack_into(self._page, 0, self.count)

    def close(self) -> None:
        """Close and remove the file: who ends in good order tells the count itself."""
        self._path.unlink(missing_ok=True)
        self._page.close()
        os.close(self._fd)


def tallies_of_the_dead(directory: Path) -> Iterator[tuple[str, int]]:
    """Give source and count of processes that were killed, each once. Raises OSError."""
    for path in sorted(directory.glob(f"*{SUFFIX}")):
        with contextlib.suppress(FileNotFoundError, BlockingIOError):
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                told = os.pread(descriptor, _LONGEST, 0)
                if len(told) > _COUNT.size:
                    path.unlink(missing_ok=True)
            finally:
                os.close(descriptor)
            # One that is empty belongs to a process that is just beginning.
            if len(told) > _COUNT.size:
                yield told[_COUNT.size :].decode(), _COUNT.unpack_from(told)[0]


def standing_tallies(directory: Path) -> Iterator[tuple[str, int]]:
    """Give source and count of every process that counts there or died there, and change nothing."""
    for path in sorted(directory.glob(f"*{SUFFIX}")):
        with contextlib.suppress(FileNotFoundError):
            told = path.read_bytes()
            if len(told) > _COUNT.size:
                yield told[_COUNT.size :].decode(), _COUNT.unpack_from(told)[0]
