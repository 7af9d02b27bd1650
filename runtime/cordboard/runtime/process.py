"""How a process of the engine begins and ends."""

import asyncio
import json
import logging
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial

import uvloop

from cordboard.core.errors import CordboardError
from cordboard.runtime import wall_clock
from cordboard.runtime.core_dumps import forbid_core_dumps
from cordboard.runtime.log import configure_logging, log_unhandled
from cordboard.runtime.settings import Settings
from cordboard.runtime.telemetry import telemetry
from cordboard.runtime.transport_security import TransportSecurity, secured


class Stop:
    """Set when the process is asked to end: by SIGTERM in its own time, by SIGINT or a second signal at once."""

    def __init__(self) -> None:
        """Make a stop that is not yet asked for."""
        self._event = asyncio.Event()
        self._at_once = asyncio.Event()

    def ask(self, *, at_once: bool = False) -> None:
        """Ask the process to end."""
        if at_once or self._event.is_set():
            self._at_once.set()
        self._event.set()

    @property
    def is_asked(self) -> bool:
        """Whether the process was asked to end."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Return when the process is asked to end."""
        await self._event.wait()

    async def wait_at_once(self) -> None:
        """Return when the process is asked to end without finishing what others still need it for."""
        await self._at_once.wait()


def announce_ready(**addresses: str) -> None:
    """Print the one line that tells the supervisor where this process serves."""
    sys.stdout.write(json.dumps({"ready": True, **addresses}) + "\n")
    sys.stdout.flush()


def run(main: Callable[[Settings, Stop], Awaitable[None]]) -> int:
    """Run a process's main to its end and give the exit code.

    SIGTERM and SIGINT ask it to stop; it has to return by itself. An error ends it with code 1 and a line that names
    its reason; one that nobody foresaw leaves its type and the places in the code, never its text.
    """
    forbid_core_dumps()
    settings = Settings.from_env()
    configure_logging(settings.log_level, instance=settings.instance)

    async def guarded() -> int:
        stop = Stop()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(log_unhandled)
        loop.add_signal_handler(signal.SIGTERM, stop.ask)
        loop.add_signal_handler(signal.SIGINT, partial(stop.ask, at_once=True))
        try:
            await main(settings, stop)
        except CordboardError as error:
            return _ended_by(error)
        except Exception:  # the edge of the process: an unforeseen error's text may hold PHI
            logging.getLogger(__name__).exception("the process failed")
            return 1
        return 0

    try:
        wall_clock.set_ahead(settings.clock_offset_s)
        security = TransportSecurity.of(settings)
    except CordboardError as error:
        return _ended_by(error)
    with telemetry(settings), secured(security):
        return uvloop.run(guarded())


def _ended_by(error: CordboardError) -> int:
    logging.getLogger(__name__).error("the process ends", extra={"reason": error.reason, **error.fields})
    sys.stderr.write(f"{error}\n")
    return 1
