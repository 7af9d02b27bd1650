"""The voice agent process: engines, conversations, control service, registration."""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from datetime import date
from uuid import uuid4

# gRPC wants to go on in a child that was forked, and the child may die of it before it becomes the engine that is
# started. Read when gRPC is imported.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "false"

import grpc

from cordboard.registry.v1.node_registry_service_pb2 import Node, NodeKind
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.grpc_server import GrpcServer
from cordboard.runtime.identity import ServiceIdentity, TokenVerifier
from cordboard.runtime.key_client import KeyClient
from cordboard.runtime.ledger_client import EventProducer, LedgerClient
from cordboard.runtime.node_registration import GrpcRegistry, Registration
from cordboard.runtime.process import Stop, announce_ready, run
from cordboard.runtime.settings import Settings
from cordboard.voice.v1 import voice_agent_service_pb2 as voice
from cordboard.voice.v1.voice_agent_service_pb2_grpc import add_VoiceAgentServiceServicer_to_server
from cordboard.voice_agent.audio_port import AudioPort, GrpcAudioPort
from cordboard.voice_agent.conversation import Engines
from cordboard.voice_agent.engines.engine_choice import chosen_interpreter, chosen_synthesizer, chosen_transcriber
from cordboard.voice_agent.engines.silero import SileroModel
from cordboard.voice_agent.fact_log import FactLog, LedgerFactLog
from cordboard.voice_agent.installed_profiles import installed_profiles
from cordboard.voice_agent.phrase_cache import PhraseCache
from cordboard.voice_agent.profile import Profile
from cordboard.voice_agent.roster import Roster, Surroundings
from cordboard.voice_agent.servicer import VoiceAgentServicer

COMPONENT = "voice-agent"
SERVICE = voice.DESCRIPTOR.services_by_name["VoiceAgentService"].full_name
DRAIN_S = 3.0


async def serve(settings: Settings, stop: Stop) -> None:
    """Run the voice agent until it is asked to stop."""
    boot_id = uuid4().hex[:12]
    identity = ServiceIdentity.load(settings.keys_path, COMPONENT, settings.require("instance"))
    verifier = TokenVerifier.load(settings.keys_path)
    transcriber, synthesizer, silero = chosen_transcriber(settings), chosen_synthesizer(settings), SileroModel()
    interpreter = chosen_interpreter(settings)
    await asyncio.gather(transcriber.start(), synthesizer.start())
    phrases = PhraseCache(synthesizer)
    profiles = installed_profiles()
    for profile in profiles:
        await phrases.prepare(profile.opening_clauses())
    versions = {"asr": transcriber.version, "tts": synthesizer.version, "vad": silero.version}
    ledger = open_channel(settings.require("ledger"), identity, "ledger")
    keys = KeyClient(ledger)
    producer = _producer(settings, ledger, keys, identity.source(boot_id))
    roster = Roster(
        Surroundings(
            engines=Engines(transcriber, phrases, silero.detector, versions, interpreter),
            open_port=_ports(identity),
            open_log=_logs(producer),
            clock_us=lambda: time.monotonic_ns() // 1_000,
            new_id=lambda: uuid4().hex,
            today=date.today,
        ),
        capacity=settings.most_talks,
    )
    server = GrpcServer(settings.listen, verifier, COMPONENT, allowed={f"/{SERVICE}/": {"worker"}})
    server.add(add_VoiceAgentServiceServicer_to_server, VoiceAgentServicer(roster, versions), SERVICE)
    try:
        async with producer, keys.listening():
            port = await server.start()
            address = f"{settings.listen.rpartition(':')[0]}:{port}"
            registration = Registration(GrpcRegistry(ledger), _node(settings.instance, address, boot_id, roster))
            renewing = asyncio.create_task(registration.run())
            announce_ready(grpc=address)
            # A process that takes a dead one's place must serve soon: what is not said first is prepared meanwhile.
            preparing = asyncio.create_task(_prepare(phrases, profiles, roster))
            await stop.wait()
            roster.draining = True
            registration.announce()
            await roster.close(DRAIN_S)
            for task in (renewing, preparing):
                task.cancel()
            await asyncio.gather(renewing, preparing, return_exceptions=True)
            await server.stop()
    finally:
        await asyncio.gather(transcriber.stop(), synthesizer.stop())
        if interpreter is not None:
            await interpreter.stop()
        await ledger.close()


def _producer(settings: Settings, ledger: grpc.aio.Channel, keys: KeyClient, source: str) -> EventProducer:
    client = LedgerClient(ledger)
    producer = EventProducer(client, source, settings.spool_path, build_id=settings.build_id, keys=keys)
    keys.on_erasure(producer.forget_call)
    return producer


async def _prepare(phrases: PhraseCache, profiles: list[Profile], roster: Roster) -> None:
    """Prepare the fixed lines while nobody talks; the engines belong to those who do."""
    for profile in profiles:
        for clause in profile.fixed_clauses():
            await roster.until_idle()
            await phrases.prepare([clause])


def _node(instance: str, address: str, boot_id: str, roster: Roster) -> Callable[[], Node]:
    def describe() -> Node:
        return Node(
            node_id=instance,
            kind=NodeKind.NODE_KIND_VOICE,
            address=address,
            boot_id=boot_id,
            capacity=roster.free,
            load=roster.load,
            draining=roster.draining,
        )

    return describe


def _ports(identity: ServiceIdentity) -> Callable[[voice.EngageRequest], AudioPort]:
    def open_port(request: voice.EngageRequest) -> AudioPort:
        channel = open_channel(request.node_address, identity, "media-node")
        return GrpcAudioPort(channel, call_id=request.call_id, leg_id=request.leg_id, leg_token=request.leg_token)

    return open_port


def _logs(producer: EventProducer) -> Callable[[str], FactLog]:
    def open_log(call_id: str) -> FactLog:
        return LedgerFactLog(producer, call_id)

    return open_log


def main() -> int:
    """Run the process."""
    return run(serve)


if __name__ == "__main__":
    sys.exit(main())
