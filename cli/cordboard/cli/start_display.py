"""Shows services starting: a table that fills on a terminal, plain lines elsewhere."""

import contextlib
from collections.abc import Iterator

from rich.live import Live

from cordboard.cli.output import coloured, console
from cordboard.cli.services_view import services_table
from cordboard.cli.supervision.stack_state import ServiceState, StackState


class StartDisplay:
    """Follows a stack's changes; give `changed` to the stack as its observer."""

    def __init__(self, *, quiet: bool = False) -> None:
        """Make a display; a quiet one shows nothing."""
        self._quiet = quiet
        self._live: Live | None = None
        self._state: StackState | None = None
        self._said: dict[str, str] = {}

    @contextlib.contextmanager
    def starting(self, state: StackState) -> Iterator[None]:
        """Show the start while the block runs."""
        self._state = state
        if self._quiet or not console.is_terminal:
            yield
            return
        with Live(console=console, refresh_per_second=8, transient=True) as live:
            self._live = live
            try:
                yield
            finally:
                self._live = None

    def changed(self, state: ServiceState) -> None:
        """Show a change."""
        if self._live and self._state:
            self._live.update(services_table(self._state))
        elif not self._quiet and self._said.get(state.name) != state.health and state.health != "starting":
            self._said[state.name] = state.health
            note = f": {state.note}" if state.note else ""
            console.print(f"{state.name} {coloured(state.health)}{note}", soft_wrap=True)
