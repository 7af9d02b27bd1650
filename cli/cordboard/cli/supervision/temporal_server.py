"""Temporal's development server as a plain process of this folder, on a database file."""

import grpc

from cordboard.cli.supervision.child import Child, Launch
from cordboard.cli.supervision.poll import check_owner, poll
from cordboard.cli.supervision.port_book import LOOPBACK, PortBook
from cordboard.cli.supervision.program import find_program
from cordboard.cli.supervision.service import Kind
from cordboard.cli.supervision.state_directory import StateDirectory

NAMESPACE = "cordboard"
SEARCH_ATTRIBUTES = ("CallPhase", "Tenant", "Vertical", "MediaNode")
_LIST_ATTRIBUTES = "/temporal.api.operatorservice.v1.OperatorService/ListSearchAttributes"
_DESCRIBE_NAMESPACE = "/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace"
# Field 1 (namespace, string) of either request; the answers are only looked at, so no client library is loaded.
_REQUEST = b"\x0a" + bytes([len(NAMESPACE)]) + NAMESPACE.encode()


class TemporalServer:
    """The server, its namespace and its search attributes."""

    name = "temporal"
    kind: Kind = "server"
    needs: tuple[str, ...] = ()

    def __init__(self, directory: StateDirectory, ports: PortBook) -> None:
        """Describe the server of one folder."""
        self._directory = directory
        self._ports = ports

    async def prepare(self) -> None:
        """Make its folder."""
        (self._directory.root / "temporal").mkdir(exist_ok=True, mode=0o700)

    def launch(self) -> Launch:
        """Start the server; it fetches no news and reports nothing."""
        place = self._directory.root / "temporal"
        attributes = [part for name in SEARCH_ATTRIBUTES for part in ("--search-attribute", f"{name}=Keyword")]
        ports = [
            part
            for flag, name in (("--port", "grpc"), ("--http-port", "http"), ("--metrics-port", "metrics"))
            for part in (flag, str(self._ports.port(f"temporal.{name}")))
        ]
        command = (
            *(str(find_program("temporal")), "server", "start-dev", "--ip", LOOPBACK, *ports),
            *("--ui-port", str(self._ports.port("temporal.ui")), "--ui-disable-news-fetch"),
            *("--db-filename", str(place / "temporal.db"), "--namespace", NAMESPACE, *attributes),
            *("--log-level", "warn", "--disable-config-file"),
        )
        return Launch(command=command, cwd=place)

    async def serving(self, child: Child) -> dict[str, str]:
        """Wait until it knows its namespace and search attributes."""
        await poll(child, self._answers)
        check_owner(child, self._ports.port("temporal.grpc"))
        return {"grpc": self._ports.address("temporal.grpc"), "ui": f"http://{self._ports.address('temporal.ui')}"}

    async def _answers(self) -> bool:
        async with grpc.aio.insecure_channel(self._ports.address("temporal.grpc")) as channel:
            try:
                await _ask(channel, _DESCRIBE_NAMESPACE)
                answer = await _ask(channel, _LIST_ATTRIBUTES)
            except grpc.aio.AioRpcError:
                return False
        return all(name.encode() in answer for name in SEARCH_ATTRIBUTES)


async def _ask(channel: grpc.aio.Channel, method: str) -> bytes:
    call = channel.unary_unary(method, request_serializer=bytes, response_deserializer=bytes)
    answer: bytes = await call(_REQUEST, timeout=2)
    return answer
