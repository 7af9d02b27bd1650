"""The worker process: calls, their activities, the tools of the vertical packs, the relay of facts."""

import asyncio
import contextlib
import logging
import os
import sys
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from temporalio.client import Client
from temporalio.service import RPCError

from cordboard.activities.admission import AdmissionActivities
from cordboard.activities.call_signals import TemporalCallSignals
from cordboard.activities.call_worker import call_worker
from cordboard.activities.callback_activities import CallbackActivities
from cordboard.activities.channels import Channels
from cordboard.activities.decision_log import AppenderClient, DecisionLog
from cordboard.activities.fact_relay import FactRelay
from cordboard.activities.ledger_activities import LedgerActivities
from cordboard.activities.media_activities import MediaActivities, MediaNodesClient
from cordboard.activities.node_registry import NodeRegistryClient
from cordboard.activities.node_watch import NodeWatch
from cordboard.activities.patient_keys import PatientKeys
from cordboard.activities.profile_store import DirectoryProfileStore, ProfileActivities
from cordboard.activities.routing.routing_service import PostgresRouting
from cordboard.activities.routing.routing_signals import TemporalRoutingSignals
from cordboard.activities.script_watch import ScriptActivities
from cordboard.activities.voice_activities import VoiceActivities, VoiceAgentsClient
from cordboard.activities.wrap_up_starter import WrapUpStarter
from cordboard.core.errors import UnavailableError
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.grpc_server import GrpcServer
from cordboard.runtime.identity import ServiceIdentity, TokenVerifier
from cordboard.runtime.key_client import KeyClient
from cordboard.runtime.ledger_client import LedgerClient
from cordboard.runtime.process import Stop, announce_ready, run
from cordboard.runtime.settings import Settings
from cordboard.workflows.call_tracing import CallTracing
from cordboard.workflows.data_converter import data_converter
from cordboard.workflows.search_attributes import register_search_attributes
from cordboard.workflows.vertical_pack import VerticalPack, installed_packs

_log = logging.getLogger(__name__)

APPEND_DEADLINE = 1.5
"""Within the time after which the calls take a worker that appends for dead."""


class WorkerParts:
    """Everything that the worker reaches, opened once and closed in the end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._identity = ServiceIdentity.load(settings.keys_path, "worker", settings.require("instance"))
        self._packs = installed_packs()
        channel = self._open(settings.require("ledger"), "ledger")
        self.ledger = LedgerClient(channel)
        self.log = DecisionLog(
            AppenderClient(channel, deadline=APPEND_DEADLINE), self.ledger, build_id=settings.build_id
        )
        self.registry = NodeRegistryClient(channel)
        self.keys = KeyClient(channel)
        self.nodes = Channels(lambda address: self._open(address, "media-node"))
        self.agents = Channels(lambda address: self._open(address, "voice-agent"))
        self.owner = self._identity.source(uuid.uuid4().hex)
        self.routing = PostgresRouting(settings.secret("postgres_url_file"), self.ledger, self.owner)

    def activities(self, client: Client) -> list[Callable[..., Any]]:
        """Make the implementations of the calls' activities; some of them ask Temporal."""
        store = DirectoryProfileStore(self._settings.home_path / "profiles")
        profiles = ProfileActivities(self._packs, store)
        nodes = MediaNodesClient(self.nodes)
        media = MediaActivities(nodes)
        admission = AdmissionActivities(self.log, self.registry, nodes, profiles)
        voice = VoiceActivities(VoiceAgentsClient(self.agents), self.registry, store, self.ledger)
        return [
            admission.admit,
            LedgerActivities(self.log).append,
            media.apply_commands,
            profiles.pin_profile,
            profiles.read_hand_over,
            voice.engage_voice,
            voice.release_voice,
            voice.say_line,
            voice.deliver_tool_result,
            *self.routing.activities(),
            WrapUpStarter(client).start_wrap_up,
            ScriptActivities(client).inspect_script,
            CallbackActivities(self.ledger, client).place_callback,
        ]

    async def tools(self, stack: contextlib.AsyncExitStack) -> list[Callable[..., Any]]:
        """Open the tools of every installed pack for as long as `stack` lives."""
        if not self._settings.vertical_postgres_url_file:
            _log.warning("there is no system of record, so no tools", extra={"setting": "vertical_postgres_url_file"})
            return []
        url = self._settings.secret("vertical_postgres_url_file")
        return [tool for pack in self._packs.values() for tool in await _tools_of(pack, url, stack)]

    async def close(self) -> None:
        """Close the channels."""
        await self.nodes.close()
        await self.agents.close()
        await self.routing.close()

    def _open(self, address: str, audience: str) -> Any:
        return open_channel(address, self._identity, audience)


async def _tools_of(pack: VerticalPack, url: str, stack: contextlib.AsyncExitStack) -> Sequence[Callable[..., Any]]:
    tools = await stack.enter_async_context(pack.open_tools(url))
    return list(tools.values())


async def connect(settings: Settings, keys: KeyClient) -> Client:
    """Connect to Temporal with the calls' data converter. Raises UnavailableError(TEMPORAL_AWAY)."""
    try:
        client = await Client.connect(
            settings.require("temporal"),
            namespace=settings.temporal_namespace,
            data_converter=data_converter(PatientKeys(keys)),
            interceptors=[CallTracing()],
            identity=settings.instance,
        )
        await register_search_attributes(client)
    except (RuntimeError, RPCError) as error:
        raise UnavailableError("TEMPORAL_AWAY", "Temporal cannot be reached") from error
    return client


async def main(settings: Settings, stop: Stop) -> None:
    """Work until asked to stop; what is under way then is finished or handed to another worker."""
    parts = WorkerParts(settings)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(parts.close)
        await stack.enter_async_context(parts.keys.listening())
        # Nothing but health is served here, and that says whether the worker asks Temporal for work.
        health = GrpcServer(settings.listen, TokenVerifier.load(settings.keys_path), "worker", serving=False)
        address = f"{settings.listen.rpartition(':')[0]}:{await health.start()}"
        stack.push_async_callback(health.stop, 0.0)
        client = await connect(settings, parts.keys)
        worker = call_worker(client, [*parts.activities(client), *await parts.tools(stack)])
        signals = TemporalCallSignals(client)
        relay = FactRelay(parts.ledger, signals, parts.owner)
        watch = NodeWatch(parts.registry, signals)
        async with worker:
            await health.set_serving(True)
            announce_ready(grpc=address)
            ends = [
                asyncio.create_task(stop.wait()),
                asyncio.create_task(relay.run()),
                asyncio.create_task(watch.run()),
                asyncio.create_task(parts.routing.run(TemporalRoutingSignals(client))),
            ]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            await health.set_serving(False)
            for task in ends:
                task.cancel()
            for outcome in await asyncio.gather(*ends, return_exceptions=True):
                if isinstance(outcome, Exception):
                    raise outcome


if __name__ == "__main__":
    code = run(main)
    sys.stdout.flush()
    sys.stderr.flush()
    # The Temporal library may abort while the interpreter ends (sdk-python issue 300); by now all is closed.
    os._exit(code)
