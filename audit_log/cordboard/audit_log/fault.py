"""What a check of the record finds, and how far it has come."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cordboard.audit_log.record import StreamKey


@dataclass(frozen=True, slots=True)
class Fault:
    """A place where the record does not hold; the reasons are those of ledger/v1's ChainFault.

    `anchor` is the number of the anchor that says so or is at fault itself, 0 when none is.
    """

    stream: StreamKey | None
    seq: int
    reason: str
    anchor: int = 0


@dataclass(slots=True)
class Progress:
    """What was checked so far, and the faults found since the last time."""

    streams: int = 0
    events: int = 0
    faults: list[Fault] = field(default_factory=list)
    anchors: int = 0
    anchored_heads: int = 0
    anchored_position: int = 0

    def with_faults(self, faults: Sequence[Fault]) -> "Progress":
        """Give a copy that tells of faults."""
        return replace(self, faults=list(faults))
