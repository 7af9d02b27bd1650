"""The registered workflows of a tenant: on the log, and read from it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cordboard.core import reasons
from cordboard.core.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from cordboard.core.event_message import unpack
from cordboard.core.workflow_registry import Registry, check_entry, entry_digest, fold_registrations
from cordboard.gateway.input_schema import check_input, check_schema
from cordboard.gateway.ledger_door import ledger_away
from cordboard.gateway.task_queues import TaskQueues
from cordboard.registry.v1.registration_pb2 import WorkflowRegistered
from cordboard.registry.v1.workflow_registry_service_pb2 import WorkflowEntry
from cordboard.runtime.ledger_client import EventProducer, Ledger, registry_stream
from cordboard.workflows.script_contract import CAPABILITIES, FREE
from cordboard.workflows.vertical_pack import VerticalPack

_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class ScriptedStart:
    """A registration with an input that fits it."""

    entry: WorkflowEntry
    input: str


class WorkflowCatalogue:
    """Registers workflows and finds them. Keeps nothing: what is registered is the fold of the tenant's stream."""

    def __init__(
        self,
        ledger: Ledger,
        producer: EventProducer,
        queues: TaskQueues,
        packs: Callable[[], Mapping[str, VerticalPack]],
    ) -> None:
        """Make a catalogue; `packs` gives the vertical packs that are installed here, by name."""
        self._ledger = ledger
        self._producer = producer
        self._queues = queues
        self._packs = packs

    async def register(self, tenant: str, entry: WorkflowEntry, actor: str) -> None:
        """Put a registration on record; what is registered so already stays as it is.

        Raises InvalidError (ENTRY_INVALID, BAD_SCHEMA, MISSING_CAPABILITY, VERTICAL_UNKNOWN, UNKNOWN_PROFILE,
        UNKNOWN_QUEUE), ConflictError(VERSION_CLASH), UnavailableError (LEDGER_AWAY, TEMPORAL_AWAY).
        """
        check_entry(entry)
        check_schema(entry.input_schema)
        _check_capabilities(entry)
        self._check_profile(entry)
        registry = await self.registry(tenant)
        registry.check(entry)
        if not await self._queues.is_served(entry.task_queue):
            raise InvalidError("UNKNOWN_QUEUE", "no worker polls the task queue", task_queue=entry.task_queue)
        if registry.is_current(entry):
            return
        event = WorkflowRegistered(entry=entry, digest=entry_digest(entry))
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._producer.record_durably(registry_stream(tenant), event, actor=actor)
        except TimeoutError as error:
            raise UnavailableError("LEDGER_AWAY", "the record cannot be reached; try again") from error
        # Another gateway may have registered the same version at the same moment: the log says whose holds.
        (await self.registry(tenant)).check(entry)

    async def registry(self, tenant: str) -> Registry:
        """Give what a tenant has registered."""
        with ledger_away():
            events = [unpack(envelope) async for envelope in self._ledger.read(registry_stream(tenant))]
        return fold_registrations(event for event in events if isinstance(event, WorkflowRegistered))

    async def scripted_start(self, tenant: str, vertical: str, name: str, given: str) -> ScriptedStart | None:
        """Give the registration that a start names, with its input; None when it names none.

        Raises NotFoundError(WORKFLOW_UNKNOWN), ConflictError(VERTICAL_MISMATCH), InvalidError(INPUT_INVALID).
        """
        if not name:
            if given:
                raise InvalidError("INPUT_INVALID", "an input is given, and no workflow that would take it")
            return None
        entry = (await self.registry(tenant)).entry(name)
        if entry is None:
            raise NotFoundError("WORKFLOW_UNKNOWN", "no workflow is registered under that name")
        if entry.vertical != vertical:
            raise ConflictError("VERTICAL_MISMATCH", "the workflow runs calls of another vertical", name=name)
        return ScriptedStart(entry, check_input(entry.input_schema, given or "{}"))

    def _check_profile(self, entry: WorkflowEntry) -> None:
        pack = self._packs().get(entry.vertical)
        if pack is None:
            raise InvalidError("VERTICAL_UNKNOWN", "no such vertical pack is installed", vertical=entry.vertical)
        try:
            pack.profile(entry.agent_profile or pack.default_agent)
        except NotFoundError as error:
            name = entry.agent_profile[:200]
            raise InvalidError("UNKNOWN_PROFILE", "the pack has no such agent profile", profile=name) from error


def _check_capabilities(entry: WorkflowEntry) -> None:
    lacking = sorted(set(entry.capabilities) - CAPABILITIES - FREE)
    if lacking:
        raise InvalidError(
            reasons.MISSING_CAPABILITY, "this build has no such verb", capability=", ".join(lacking)[:200]
        )
