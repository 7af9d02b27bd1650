"""An event that was checked and split, and waits for its place on the log."""

from dataclasses import dataclass
from datetime import datetime

from cordboard.audit_log.record import StreamKey, instant
from cordboard.audit_log.sealing import CallKey

CALL = "call"
KINDS = frozenset({CALL, "agent", "node", "tenant", "registry"})

STANDARD = "standard"
INTERNAL = "internal"


@dataclass(slots=True)
class Draft:
    """What a producer handed over, ready to be numbered, sealed and chained. Treated as frozen."""

    stream: StreamKey
    type: str
    body: bytes
    body_digest: bytes
    phi: bytes  # plaintext of the PHI part, empty when there is none
    key: CallKey | None
    dedupe: bytes
    source: str
    source_seq: int
    occurred_us: int
    media_us: int
    causation_stream: str
    causation_seq: int
    leg_id: str
    turn_id: str
    trace_id: str
    actor: str
    build_id: str
    texts: bytes  # its texts as the chain takes them

    @property
    def occurred_at(self) -> datetime:
        """When it happened."""
        return instant(self.occurred_us)


@dataclass(frozen=True, slots=True)
class Opening:
    """A new call: who asked for it, and its wrapped key. Becomes durable together with the call's first event."""

    call_id: str
    tenant: str
    request_id: str
    token_id: str
    args_digest: bytes
    vertical: str
    kek_id: str
    wrapped_key: bytes
    opened_at: datetime


def tenant_of(stream: StreamKey) -> str:
    """Tell whose a stream is that is no call's; nodes belong to none."""
    return stream.id.partition("/")[0] if stream.kind in ("tenant", "agent", "registry") else ""


def retention_class_of(stream: StreamKey) -> str:
    """Tell how long a stream's rows are kept, by class."""
    return STANDARD if stream.kind == CALL else INTERNAL
