"""No process leaves a core dump: a dump holds all that was said, in clear."""

import contextlib
import resource
from pathlib import Path
from typing import Final

_FILTER: Final = Path("/proc/self/coredump_filter")


def forbid_core_dumps() -> None:
    """Have this process, and whatever it starts, leave no core file, and nothing of its memory in a piped dump.

    The limit cannot be raised again without privileges. It does not bind a dump that the kernel pipes to a collector,
    so none of the memory is given to one either. Not being dumpable at all (PR_SET_DUMPABLE) would be stronger, but
    then whoever runs the processes could no longer see which ports are theirs.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        _FILTER.write_text("0", encoding="ascii")
