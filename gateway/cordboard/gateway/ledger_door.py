"""How an absent ledger is told to those outside."""

import contextlib
from collections.abc import Iterator

from cordboard.core.errors import UnavailableError


@contextlib.contextmanager
def ledger_away() -> Iterator[None]:
    """Name the ledger when a request to it finds nobody: UnavailableError(LEDGER_AWAY)."""
    try:
        yield
    except UnavailableError as error:
        raise UnavailableError("LEDGER_AWAY", "the record cannot be reached; try again") from error
