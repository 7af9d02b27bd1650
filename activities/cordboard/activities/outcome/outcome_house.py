"""Everything about outcomes in one process: their rows, what judges words, and the service that shows them."""

import contextlib
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from openai import AsyncOpenAI

from cordboard.activities.outcome.analyst import Analyst
from cordboard.activities.outcome.call_outcome import CallOutcome
from cordboard.activities.outcome.local_analyst import LocalAnalyst
from cordboard.activities.outcome.openai_analyst import OpenAiAnalyst
from cordboard.activities.outcome.outcome_record import LoggedOutcomes
from cordboard.activities.outcome.outcome_service import OutcomeService
from cordboard.activities.outcome.postgres.outcome_store import PostgresOutcomeStore
from cordboard.activities.wrap_up.stage import Workshop
from cordboard.outcome.v1 import outcome_service_pb2
from cordboard.outcome.v1.outcome_service_pb2_grpc import add_OutcomeServiceServicer_to_server
from cordboard.runtime.grpc_server import GrpcServer
from cordboard.runtime.identity import ServiceIdentity
from cordboard.runtime.ledger_client import EventProducer
from cordboard.runtime.settings import Settings
from cordboard.runtime.wall_clock import utc_now

SERVICE = outcome_service_pb2.DESCRIPTOR.services_by_name["OutcomeService"].full_name
ALLOWED = {f"/{SERVICE}/": frozenset({"gateway"})}
"""Who may ask: the gateway, which has checked whose call it is."""


@dataclass(frozen=True, slots=True)
class OutcomeHouse:
    """What the wrap-up process has of it."""

    deriver: CallOutcome
    service: OutcomeService
    record: LoggedOutcomes
    """Puts on the log what was opened and for whom."""

    def serve_on(self, server: GrpcServer) -> None:
        """Show outcomes on a server that is not started yet."""
        server.add(add_OutcomeServiceServicer_to_server, self.service, SERVICE)


@asynccontextmanager
async def open_outcomes(
    settings: Settings, identity: ServiceIdentity, workshop: Workshop
) -> AsyncIterator[OutcomeHouse]:
    """Open rows, analyst and service for as long as the block lasts. Raises InvalidError(SETTING_MISSING)."""
    store = PostgresOutcomeStore(settings.secret("postgres_url_file"))
    source = identity.source(uuid.uuid4().hex)
    producer = EventProducer(workshop.ledger, source, settings.spool_path, build_id=settings.build_id)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(store.close)
        await stack.enter_async_context(producer)
        analyst = await _analyst(settings, stack)
        record = LoggedOutcomes(producer)
        yield OutcomeHouse(
            deriver=CallOutcome(workshop, store, analyst, region=settings.region),
            service=OutcomeService(store, workshop.keys, record, utc_now),
            record=record,
        )


async def _analyst(settings: Settings, stack: contextlib.AsyncExitStack) -> Analyst:
    """Give a language model where one is named, else the local rules."""
    if not settings.analyst_url:
        return LocalAnalyst()
    key = settings.secret("analyst_key_file")
    client = AsyncOpenAI(base_url=settings.analyst_url, api_key=key, max_retries=0)
    await stack.enter_async_context(client)
    return OpenAiAnalyst(client, settings.require("analyst_model"))
