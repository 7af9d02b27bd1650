"""The file in which a producer keeps events that the ledger has not acknowledged."""

import contextlib
import fcntl
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

_HEADER = struct.Struct(">II")  # length and CRC-32 of the record
SUFFIX = ".spool"


class Spool(Protocol):
    """Append-only storage of records. `sync` blocks: call it off the event loop, where nothing else may run."""

    def append(self, records: Sequence[bytes]) -> list[int]:
        """Write records and give the offset of each. All or none; raises OSError.

        They outlast this process from then on, and the machine's failure after `sync`.
        """
        ...

    def sync(self) -> None:
        """Make what was written durable. Raises OSError."""
        ...

    def read(self, offset: int) -> bytes:
        """Give the record at an offset that append gave."""
        ...

    def clear(self) -> None:
        """Forget all records."""
        ...

    def close(self, keep: bool) -> None:
        """Close; `keep` leaves what is in it for the next process."""
        ...


class FileSpool:
    """A spool in one file, locked while its process lives, readable by its user only."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises BlockingIOError when another process has it."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._fd)
            raise
        self._size = os.fstat(self._fd).st_size

    def append(self, records: Sequence[bytes]) -> list[int]:
        """Write records to the system's cache; see Spool.append."""
        offsets: list[int] = []
        parts: list[bytes] = []
        size = self._size
        for record in records:
            offsets.append(size)
            parts += (_HEADER.pack(len(record), zlib.crc32(record)), record)
            size += _HEADER.size + len(record)
        data = b"".join(parts)
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(self._fd, memoryview(data)[written:], self._size + written)
        except OSError:
            # Half a record in the middle of the file would hide all that comes after it.
            os.ftruncate(self._fd, self._size)
            raise
        self._size = size
        return offsets

    def sync(self) -> None:
        """Make what was written durable; see Spool.sync."""
        os.fdatasync(self._fd)

    def read(self, offset: int) -> bytes:
        """Give the record at an offset; see Spool.read. Raises OSError when it is damaged."""
        record = self._record(offset)
        if record is None:
            raise OSError(f"the spool is damaged at {offset}")
        return record

    def records(self) -> Iterator[bytes]:
        """Go through what is in the file, up to its end or to the first record that was not finished."""
        offset = 0
        while (record := self._record(offset)) is not None:
            yield record
            offset += _HEADER.size + len(record)

    def clear(self) -> None:
        """Forget all records; see Spool.clear."""
        if self._size:
            os.ftruncate(self._fd, 0)
            self._size = 0

    def close(self, keep: bool) -> None:
        """Close, and remove the file unless it is to be kept; see Spool.close. Closing twice is fine."""
        if self._fd < 0:
            return
        if not keep:
            self._path.unlink(missing_ok=True)
        self._release()

    def set_aside(self) -> None:
        """Close, and keep the file under another name: the ledger refused something in it."""
        self._path.rename(self._path.with_suffix(".refused"))
        self._release()

    def _release(self) -> None:
        os.close(self._fd)
        self._fd = -1

    def _record(self, offset: int) -> bytes | None:
        header = os.pread(self._fd, _HEADER.size, offset)
        if len(header) < _HEADER.size:
            return None
        length, checksum = _HEADER.unpack(header)
        record = os.pread(self._fd, length, offset + _HEADER.size)
        return record if len(record) == length and zlib.crc32(record) == checksum else None


def leftovers(directory: Path) -> Iterator[FileSpool]:
    """Open the spools in a directory whose processes are gone, oldest first."""
    found: list[tuple[float, Path]] = []
    for path in directory.glob(f"*{SUFFIX}"):
        with contextlib.suppress(FileNotFoundError):
            found.append((path.stat().st_mtime, path))
    for _, path in sorted(found):
        with contextlib.suppress(BlockingIOError, FileNotFoundError):
            yield FileSpool(path)
