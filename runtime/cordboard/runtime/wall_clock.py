"""What time it is, by this process: by the machine's clock, or by one that is wrong by as much as a setting says.

Hosts of one engine never agree on the time. `cordboard chaos` starts processes whose clocks differ, on one machine.
"""

import time
from datetime import UTC, datetime

_offset_s = 0.0


def set_ahead(seconds: float) -> None:
    """Have this process's clock be ahead of the machine's by so much, behind when negative; once, at its start."""
    global _offset_s  # a process has one clock
    _offset_s = seconds


def unix_time() -> float:
    """Give the time in seconds since 1970."""
    return time.time() + _offset_s


def utc_now() -> datetime:
    """Give the time."""
    return datetime.fromtimestamp(unix_time(), UTC)
