"""What a vertical pack brings: agent profiles and tools.

Packs are found by the entry point group `cordboard.verticals`. Its distribution names an object that fits VerticalPack:

    [project.entry-points."cordboard.verticals"]
    healthcare = "cordboard.verticals.healthcare.pack:PACK"
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from importlib.metadata import entry_points
from typing import Protocol

from cordboard.activity.v1.call_activities_pb2 import ToolCallInput, ToolCallResult

GROUP = "cordboard.verticals"

Tool = Callable[[ToolCallInput], Awaitable[ToolCallResult]]
"""An effect in an outside system. It happens once per tool_call_id; failures are raised with a stable reason."""


class VerticalPack(Protocol):
    """Everything that the engine has to know of a vertical."""

    @property
    def name(self) -> str:
        """Name that StartCall uses, such as `healthcare`."""
        ...

    @property
    def default_agent(self) -> str:
        """Name of the agent profile that a call begins with when its script names none."""
        ...

    def profile(self, agent: str) -> bytes:
        """Give an agent profile as JSON. Raises NotFoundError(PROFILE_UNKNOWN)."""
        ...

    def open_tools(self, database_url: str) -> AbstractAsyncContextManager[Mapping[str, Tool]]:
        """Make the tools by name (`healthcare.find_slot`) for the tenant's system of record at `database_url`.

        Brings its tables up to date first. Each name is the type of a Temporal activity on the queue `calls`.
        """
        ...


def installed_packs() -> dict[str, VerticalPack]:
    """Find the packs that are installed in this environment, by name."""
    packs: dict[str, VerticalPack] = {}
    for entry in entry_points(group=GROUP):
        pack: VerticalPack = entry.load()
        packs[pack.name] = pack
    return packs
