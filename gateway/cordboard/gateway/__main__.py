"""The gateway's process: settings, the ledger and Temporal as they are, the doors."""

import asyncio
import logging
import sys
import uuid
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RetryConfig, RPCError

from cordboard.core.errors import InvalidError
from cordboard.gateway.gateway import COMPONENT, Doors, Gateway, Neighbours
from cordboard.gateway.outcomes import NoOutcomes, OutcomesClient
from cordboard.gateway.pages_door import pages_directory
from cordboard.gateway.task_queues import TemporalTaskQueues
from cordboard.gateway.temporal_call_control import TemporalCallControl
from cordboard.gateway.transcripts import NoTranscripts, TranscriptsClient
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.identity import ServiceIdentity, TokenVerifier, UserTokenIssuer
from cordboard.runtime.key_client import KeyClient
from cordboard.runtime.ledger_client import EventProducer, LedgerClient
from cordboard.runtime.process import Stop, announce_ready, run
from cordboard.runtime.settings import Settings
from cordboard.workflows.call_tracing import CallTracing
from cordboard.workflows.data_converter import data_converter
from cordboard.workflows.payload_codec import PURPOSE
from cordboard.workflows.search_attributes import register_search_attributes
from cordboard.workflows.vertical_pack import installed_packs

_log = logging.getLogger(__name__)

# A Temporal that is away is told to the asker within seconds; asking again is theirs.
_RETRY = RetryConfig(initial_interval_millis=50, max_interval_millis=500, max_elapsed_time_millis=2_000, max_retries=5)
_REGISTRATION_RETRY = timedelta(seconds=2)


async def main(settings: Settings, stop: Stop) -> None:
    """Serve until asked to stop."""
    verifier = TokenVerifier.load(settings.keys_path)
    identity = ServiceIdentity.load(settings.keys_path, COMPONENT, settings.require("instance"))
    channel = open_channel(settings.require("ledger"), identity, "ledger")
    keys = KeyClient(channel)
    client = await Client.connect(
        settings.require("temporal"),
        namespace=settings.temporal_namespace,
        data_converter=data_converter(keys),
        interceptors=[CallTracing()],
        retry_config=_RETRY,
        identity=settings.instance,
        lazy=True,
    )
    # A call that is opened is started next, with payloads under its key.
    ledger = LedgerClient(channel, keys=keys, key_purpose=PURPOSE)
    producer = EventProducer(ledger, identity.source(uuid.uuid4().hex), settings.spool_path, build_id=settings.build_id)
    wrap_up = open_channel(settings.wrap_up, identity, "wrap-up") if settings.wrap_up else None
    doors = Doors(grpc=settings.listen, http=settings.http_listen, pages=pages_directory())
    neighbours = Neighbours(
        ledger=ledger,
        control=TemporalCallControl(client),
        producer=producer,
        queues=TemporalTaskQueues(client),
        keys=keys,
        packs=installed_packs,
        issuer=_issuer(settings),
        outcomes=OutcomesClient(wrap_up) if wrap_up is not None else NoOutcomes(),
        transcripts=TranscriptsClient(wrap_up) if wrap_up is not None else NoTranscripts(),
    )
    gateway = Gateway(doors, verifier, neighbours)
    registration = asyncio.create_task(_register(client))
    producer.start()
    await gateway.start()
    announce_ready(grpc=gateway.grpc_address, http=gateway.http_address)
    try:
        async with keys.listening():
            await stop.wait()
    finally:
        registration.cancel()
        await gateway.stop()
        await producer.close()
        if wrap_up is not None:
            await wrap_up.close()
        await channel.close()


def _issuer(settings: Settings) -> UserTokenIssuer | None:
    """Sign callers' tokens where the users' key is at hand; elsewhere pages get theirs from the app's own server."""
    try:
        return UserTokenIssuer.load(settings.keys_path)
    except InvalidError:
        return None


async def _register(client: Client) -> None:
    """Make sure that Temporal knows the attributes that calls are started with, once it can be reached."""
    while True:
        try:
            await register_search_attributes(client)
        except (RPCError, RuntimeError):
            _log.warning("the search attributes cannot be registered yet")
            await asyncio.sleep(_REGISTRATION_RETRY.total_seconds())
        else:
            return


if __name__ == "__main__":
    sys.exit(run(main))
