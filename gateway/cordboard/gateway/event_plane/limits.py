"""What the event plane puts up with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EventLimits:
    """Seconds and sizes of one WebSocket."""

    ping_seconds: float = 5.0
    """A ping goes out so often; a client that answers none of the protocol's own pings is taken for gone."""
    send_seconds: float = 10.0
    """A frame that a client does not take for so long closes its socket."""
    queue_events: int = 2000
    """So many events may wait for a desk before it is closed as too slow."""
    frame_bytes: int = 16 * 1024
    """Size of a client's frame."""
    commands_at_once: int = 8
    sockets: int = 4096
    """So many sockets a gateway holds open."""
    desks_of_one_agent: int = 8
    record_seconds: float = 5.0
    """How long a command waits for the ledger's word."""
    lost_after_seconds: float = 5.0
    """An agent whose desk stays away for so long takes no more calls."""
    tail_seconds: float = 3.0
    """How long a desk waits for the log to be followed at all."""
