"""What the kernel says of processes and their listening sockets."""

import contextlib
from pathlib import Path

_LISTEN = "0A"


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def group_members(group: int) -> list[int]:
    """List the living processes of a process group."""
    members: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                state, _parent, leader = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
                if int(leader) == group and state not in {"Z", "X"}:
                    members.append(int(entry.name))
    return members


def owns_port(pid: int, port: int) -> bool:
    """Tell whether the process `pid` itself listens on the TCP port."""
    listening = _listening_inodes(pid, port)
    with contextlib.suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                target = str(descriptor.readlink())
                if target.startswith("socket:[") and target[8:-1] in listening:
                    return True
    return False


def _listening_inodes(pid: int, port: int) -> set[str]:
    inodes: set[str] = set()
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == _LISTEN and int(columns[1].rpartition(":")[2], 16) == port:
                    inodes.add(columns[9])
    return inodes
