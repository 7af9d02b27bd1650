"""What the supervisor must know of a service: one small Protocol for servers and processes alike."""

from typing import Literal, Protocol

from cordboard.cli.supervision.child import Child, Launch

Kind = Literal["server", "process"]


class Service(Protocol):
    """Something that runs as one process and is kept running."""

    @property
    def name(self) -> str:
        """Its name, unique in the folder, such as `postgres` or `worker-1`."""
        ...

    @property
    def kind(self) -> Kind:
        """Whether it is a server from outside or a process of the engine."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the services that must serve before it starts."""
        ...

    async def prepare(self) -> None:
        """Make what it needs on disk; called before every start."""
        ...

    def launch(self) -> Launch:
        """Say how it is started."""
        ...

    async def serving(self, child: Child) -> dict[str, str]:
        """Return its addresses once it serves.

        Raises UnavailableError when the process ended, or when somebody else answers on its port.
        """
        ...
