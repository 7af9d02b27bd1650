"""Ends what a supervisor started when the supervisor itself is killed.

Runs as a process of its own, in a session of its own, with nothing but the standard library: `python -I -S guard.py`.
Standard input says which process groups live (`+ GROUP SIGNAL`) and which have ended (`- GROUP`). At its end, what is
left is asked to stop and, five seconds later, killed.
"""

import os
import signal
import sys
import time

GRACE_SECONDS = 5.0


def send(group: int, number: int) -> bool:
    """Send a signal to a process group; tell whether the group is there."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def main() -> None:
    """Follow standard input to its end, then clean up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, int] = {}
    for line in sys.stdin:
        what, group, *rest = line.split()
        if what == "+":
            groups[int(group)] = int(rest[0])
        else:
            groups.pop(int(group), None)
    left = {group for group, number in groups.items() if send(group, number)}
    deadline = time.monotonic() + GRACE_SECONDS
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = {group for group in left if send(group, 0)}
    for group in left:
        send(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
