"""Copies of anchors outside of the database: whoever can change that cannot change them as well."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from google.protobuf import json_format

from cordboard.audit_log.anchors import Anchor, from_message, to_message
from cordboard.core.errors import InvalidError
from cordboard.ledger.v1 import anchor_pb2 as proto


class AnchorWitness:
    """Keeps each anchor that this ledger makes in a file per day, one JSON line each."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it is made with the first anchor."""
        self._folder = folder

    def keep(self, anchor: Anchor) -> None:
        """Append an anchor to its day's file; returns when it is on the disk."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / f"{anchor.anchored_at:%Y%m%d}.jsonl"
        with path.open("a", encoding="utf-8") as file:
            file.write(to_line(anchor))
            file.flush()
            os.fsync(file.fileno())

    def kept(self) -> Iterator[Anchor]:
        """Give what was kept, in order of days. Raises InvalidError(ANCHORS_UNREADABLE)."""
        for path in sorted(self._folder.glob("*.jsonl")):
            yield from read_lines(path)


def to_line(anchor: Anchor) -> str:
    """Write an anchor as one line of JSON."""
    return json.dumps(json_format.MessageToDict(to_message(anchor))) + "\n"


def read_lines(path: Path) -> Iterator[Anchor]:
    """Read anchors from a file of lines; a last line that a crash cut short does not count.

    Raises InvalidError(ANCHORS_UNREADABLE).
    """
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.endswith("\n"):
                try:
                    yield from_message(json_format.Parse(line, proto.Anchor()))
                except json_format.ParseError as error:
                    raise InvalidError("ANCHORS_UNREADABLE", "a line is no anchor", file=path.name) from error


def contradictions(copies: Sequence[Anchor], kept: dict[int, bytes]) -> Iterator[tuple[int, str]]:
    """Give (number, reason) of each anchor that copies have and that the ledger lacks or tells otherwise.

    `kept` are the digests of the ledger's anchors by number.
    """
    for copy in copies:
        if copy.number not in kept:
            yield copy.number, "ANCHOR_MISSING"
        elif kept[copy.number] != copy.digest():
            yield copy.number, "ANCHOR_CHANGED"
