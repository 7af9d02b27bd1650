"""The media node's process: puts the parts together and runs them."""

import asyncio
import contextlib
import secrets
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from cordboard.media.v1.media_node_service_pb2_grpc import add_MediaNodeServiceServicer_to_server
from cordboard.media_node.archive import CaptureArchive
from cordboard.media_node.clock import LoopClock
from cordboard.media_node.facts import FactLog, ProducedFacts
from cordboard.media_node.measured_facts import MeasuredFacts, SpeedMeter
from cordboard.media_node.node import MediaNode
from cordboard.media_node.object_store import S3Store
from cordboard.media_node.prepared_sounds import prepare_sounds
from cordboard.media_node.quality import TelemetryMeter
from cordboard.media_node.randomness import SystemRandomness
from cordboard.media_node.servicer import ALLOWED, SERVICE, MediaNodeServicer
from cordboard.media_node.webrtc.addresses import host_addresses
from cordboard.media_node.webrtc.factory import WebRtcLegs
from cordboard.media_node.webrtc.self_check import check_seams
from cordboard.registry.v1.node_registry_service_pb2 import NODE_KIND_MEDIA, Node
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.grpc_server import GrpcServer
from cordboard.runtime.identity import ServiceIdentity, TokenVerifier
from cordboard.runtime.key_client import KeyClient
from cordboard.runtime.ledger_client import EventProducer, LedgerClient
from cordboard.runtime.node_registration import GrpcRegistry, Registration
from cordboard.runtime.process import Stop, announce_ready, run
from cordboard.runtime.race import until_first
from cordboard.runtime.settings import Settings
from cordboard.runtime.wall_clock import unix_time

COMPONENT = "media-node"
# A call with a voice agent costs up to 5 % of the one core that a process has: encoding, decoding, gRPC.
CAPACITY = 20
PLACED_S = 1.0
"""A call that was placed here before the registry knew that this node ends has its room by then."""


@contextlib.asynccontextmanager
async def open_archive(settings: Settings, keys: KeyClient, facts: FactLog) -> AsyncIterator[CaptureArchive | None]:
    """Open the archive of recordings; None when the process is told no object store."""
    if not settings.s3_endpoint:
        yield None
        return
    credentials = Path(settings.require("s3_credentials_file"))
    async with S3Store.open(settings.s3_endpoint, credentials, settings.s3_bucket) as store:
        archive = CaptureArchive(store, keys, facts, settings.spool_path / "captures")
        archive.start()
        try:
            yield archive
        finally:
            await archive.close()


async def serve(settings: Settings, stop: Stop) -> None:
    """Serve until the process is asked to stop."""
    check_seams()
    prepare_sounds()
    boot_id = secrets.token_hex(8)
    identity = ServiceIdentity.load(settings.keys_path, COMPONENT, settings.require("instance"))
    channel = open_channel(settings.require("ledger"), identity, "ledger")
    source = identity.source(boot_id)
    keys = KeyClient(channel)
    # The keys that callers press are personal data, and the spool is on a disk.
    producer = EventProducer(LedgerClient(channel), source, settings.spool_path, build_id=settings.build_id, keys=keys)
    keys.on_erasure(producer.forget_call)
    facts = MeasuredFacts(ProducedFacts(producer), SpeedMeter(), unix_time)
    clock, randomness = LoopClock(), SystemRandomness()
    legs = WebRtcLegs(clock, randomness, host_addresses())
    async with producer, keys.listening(), open_archive(settings, keys, facts) as archive:
        node = MediaNode(clock, randomness, facts, legs.answer, TelemetryMeter(), archive)
        server = GrpcServer(settings.listen, TokenVerifier.load(settings.keys_path), COMPONENT, allowed=ALLOWED)
        server.add(add_MediaNodeServiceServicer_to_server, MediaNodeServicer(node), SERVICE)
        port = await server.start()
        address = f"{settings.listen.rpartition(':')[0]}:{port}"

        def describe() -> Node:
            load = len(node.rooms())
            return Node(
                node_id=settings.instance,
                kind=NODE_KIND_MEDIA,
                address=address,
                boot_id=boot_id,
                capacity=max(0, CAPACITY - load),
                load=load,
                draining=stop.is_asked,
            )

        registration = Registration(GrpcRegistry(channel), describe)
        renewing = asyncio.create_task(registration.run())
        announce_ready(grpc=address)
        await stop.wait()
        await registration.tell()
        await _drain(node, settings.drain_s, stop)
        node.draining = True
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
        await node.close()
        await server.stop()
    await channel.close()


async def _drain(node: MediaNode, seconds: float, stop: Stop) -> None:
    """Let the calls here come to their end, for no other node can take them; not when asked to end at once."""

    async def drained() -> None:
        await asyncio.sleep(PLACED_S)
        await node.drain(seconds)

    await until_first(drained(), stop.wait_at_once())


def main() -> int:
    """Run the process and give its exit code."""
    return run(serve)


if __name__ == "__main__":
    sys.exit(main())
