"""All doors of the gateway over one ledger and one control of calls."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from cordboard.call.v1 import call_service_pb2
from cordboard.call.v1.call_service_pb2_grpc import add_CallServiceServicer_to_server
from cordboard.gateway.call_control import CallControl
from cordboard.gateway.call_reader import CallReader
from cordboard.gateway.call_service import CallService
from cordboard.gateway.call_starter import CallStarter
from cordboard.gateway.call_steering import CallSteering
from cordboard.gateway.event_plane.call_events_door import CallEventsDoor
from cordboard.gateway.event_plane.desk_door import DeskDoor
from cordboard.gateway.event_plane.limits import EventLimits
from cordboard.gateway.event_plane.line_door import LineDoor
from cordboard.gateway.event_plane.open_sockets import OpenSockets
from cordboard.gateway.health_door import HealthDoor
from cordboard.gateway.http_server import HttpLimits, HttpServer
from cordboard.gateway.legs_door import BodyLimits, LegsDoor
from cordboard.gateway.line_board import LineBoard
from cordboard.gateway.outcome_reader import OutcomeReader
from cordboard.gateway.outcomes import NoOutcomes, Outcomes
from cordboard.gateway.pages_door import PagesDoor
from cordboard.gateway.script_keys import KeySource, ScriptKeys
from cordboard.gateway.task_queues import TaskQueues
from cordboard.gateway.tokens_door import TokensDoor
from cordboard.gateway.transcript_reader import TranscriptReader
from cordboard.gateway.transcripts import NoTranscripts, Transcripts
from cordboard.gateway.workflow_catalogue import WorkflowCatalogue
from cordboard.gateway.workflow_registry_service import WorkflowRegistryService
from cordboard.registry.v1 import workflow_registry_service_pb2
from cordboard.registry.v1.workflow_registry_service_pb2_grpc import add_WorkflowRegistryServiceServicer_to_server
from cordboard.runtime.grpc_server import GrpcServer
from cordboard.runtime.identity import TokenVerifier, UserTokenIssuer
from cordboard.runtime.ledger_client import EventProducer, Ledger
from cordboard.workflows.vertical_pack import VerticalPack

COMPONENT = "gateway"
MAX_REQUEST = 256 * 1024

_CALLS = call_service_pb2.DESCRIPTOR.services_by_name["CallService"].full_name
_WORKFLOWS = workflow_registry_service_pb2.DESCRIPTOR.services_by_name["WorkflowRegistryService"].full_name


@dataclass(frozen=True, slots=True)
class Doors:
    """Where the gateway listens (`host:port`, port 0 for a free one), and what it puts up with."""

    grpc: str = "127.0.0.1:0"
    http: str = "127.0.0.1:0"
    body: BodyLimits = field(default_factory=BodyLimits)
    connection: HttpLimits = field(default_factory=HttpLimits)
    events: EventLimits = field(default_factory=EventLimits)
    pages: Path | None = None
    """Directory of the static pages, when they are served."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What the doors stand on."""

    ledger: Ledger
    control: CallControl
    producer: EventProducer
    """Puts on the log what desks say, and what is registered."""
    queues: TaskQueues
    """Tells whether anybody works on a platform team's queue."""
    keys: KeySource
    packs: Callable[[], Mapping[str, VerticalPack]]
    """The vertical packs that are installed here, by name."""
    issuer: UserTokenIssuer | None = None
    """Signs callers' tokens for pages, when this gateway may."""
    outcomes: Outcomes = field(default_factory=NoOutcomes)
    """Rows of what came of calls."""
    transcripts: Transcripts = field(default_factory=NoTranscripts)
    """What was said in calls."""


class Gateway:
    """The gRPC and the HTTP server; neither keeps anything about a call."""

    def __init__(self, doors: Doors, verifier: TokenVerifier, neighbours: Neighbours) -> None:
        ledger, control = neighbours.ledger, neighbours.control
        reader = CallReader(ledger)
        catalogue = WorkflowCatalogue(ledger, neighbours.producer, neighbours.queues, neighbours.packs)
        registry = WorkflowRegistryService(catalogue, ScriptKeys(ledger, neighbours.producer, neighbours.keys))
        starter = CallStarter(ledger, reader, control, catalogue)
        steering = CallSteering(reader, control)
        calls = CallService(
            starter,
            steering,
            reader,
            OutcomeReader(reader, neighbours.outcomes),
            TranscriptReader(reader, neighbours.transcripts),
        )
        self._grpc = GrpcServer(doors.grpc, verifier, COMPONENT, authenticate_user=True, most_bytes=MAX_REQUEST)
        self._grpc.add(add_CallServiceServicer_to_server, calls, _CALLS)
        self._grpc.add(add_WorkflowRegistryServiceServicer_to_server, registry, _WORKFLOWS)
        self._sockets = OpenSockets(doors.events)
        self._lines = LineBoard(ledger, patience=doors.events.tail_seconds)
        self._desks = DeskDoor(verifier, ledger, control, neighbours.producer, self._sockets)
        routes: list[web.AbstractRouteDef] = [
            *LegsDoor(verifier, starter, steering, doors.body).routes(),
            *TokensDoor(verifier, neighbours.issuer).routes(),
            *CallEventsDoor(verifier, ledger, reader, self._sockets).routes(),
            *self._desks.routes(),
            *LineDoor(verifier, self._lines, neighbours.producer, self._sockets).routes(),
            *HealthDoor(ledger, control).routes(),
        ]
        if doors.pages is not None:
            routes += PagesDoor(doors.pages).routes()
        self._http = HttpServer(doors.http, routes, doors.connection)

    @property
    def grpc_address(self) -> str:
        """Where gRPC is served, once started."""
        return f"{self._grpc.address.rpartition(':')[0]}:{self._grpc.port}"

    @property
    def http_address(self) -> str:
        """Where HTTP is served, once started."""
        return f"{self._http.host}:{self._http.port}"

    async def start(self) -> None:
        """Open both doors. Raises InvalidError(ADDRESS_IN_USE)."""
        self._desks.start()
        self._lines.start()
        await self._grpc.start()
        await self._http.start()

    async def stop(self) -> None:
        """Close both doors; requests under way have two seconds, desks are sent elsewhere."""
        await self._sockets.close()
        # At the same time: while one door waits for its last requests, nobody is let in at the other either.
        await asyncio.gather(self._http.stop(), self._grpc.stop())
        await self._desks.stop()
        await self._lines.stop()
