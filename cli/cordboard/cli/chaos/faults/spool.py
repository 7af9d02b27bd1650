"""No room on the disk for spools."""

import asyncio
import contextlib
import resource
from collections.abc import Iterator, Sequence

from cordboard.cli.chaos.fault import Scene, Trouble

_SPOOLERS = ("media-node-1", "media-node-2", "voice-agent-1", "gateway-1")


async def fill_spool(scene: Scene, trouble: Trouble) -> None:
    """Let no file of those who spool grow, take the ledger away meanwhile, and see all of their events on the log.

    With neither disk nor ledger, events wait in memory.
    """
    pids = scene.chaos.stack.pids()
    before = _spooled(scene)
    with no_room([pids[name] for name in _SPOOLERS]):
        with scene.chaos.services["ledger-1"].kept_away():
            at = await scene.kill("ledger-1")
            probing = asyncio.ensure_future(scene.probe(trouble, at))
            await asyncio.sleep(scene.away_s)
            grown = _spooled(scene) - before
        await probing
        await scene.chaos.stack.ready("ledger-1")
    trouble.notes.append("the kernel refuses to let files grow (RLIMIT_FSIZE) in all who spool, with the ledger away")
    if grown > 0:
        trouble.faults.append(f"the spools grew by {grown} bytes though there was no room")


@contextlib.contextmanager
def no_room(pids: Sequence[int]) -> Iterator[None]:
    """Have every write of some processes that would make a file longer fail while the block runs.

    It takes no rights beyond those over one's own processes, and ends with them.
    """
    limits = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    try:
        for pid, (_, hard) in limits.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
        yield
    finally:
        for pid, limit in limits.items():
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)


def _spooled(scene: Scene) -> int:
    folder = scene.chaos.home / "spool"
    return sum(file.stat().st_size for name in _SPOOLERS for file in (folder / name).glob("*.spool"))
