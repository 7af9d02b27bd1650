"""The process that wraps calls up: niced, beside the calls that are going on."""

import asyncio
import contextlib
import os
import sys
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

# gRPC wants to go on in a child that was forked, and the child may die of it before it becomes the engine that is
# started. Read when gRPC is imported.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "false"

from temporalio.client import Client
from temporalio.service import RPCError

from cordboard.activities.outcome.outcome_house import ALLOWED, open_outcomes
from cordboard.activities.redaction.engine import RedactionEngine
from cordboard.activities.wrap_up.erased_calls import ErasedCalls, TemporalWorkflows
from cordboard.activities.wrap_up.history_stage import HistoryStage
from cordboard.activities.wrap_up.outcome_stage import OutcomeStage
from cordboard.activities.wrap_up.record_store import S3RecordStore
from cordboard.activities.wrap_up.recording_stage import RecordingStage
from cordboard.activities.wrap_up.redact_stage import RedactStage
from cordboard.activities.wrap_up.speech.whisper import WhisperTranscriber
from cordboard.activities.wrap_up.stage import Workshop
from cordboard.activities.wrap_up.transcript_service import ALLOWED as TRANSCRIPTS_ALLOWED
from cordboard.activities.wrap_up.transcript_service import TranscriptService
from cordboard.activities.wrap_up.transcript_stage import TranscriptStage
from cordboard.activities.wrap_up.wrap_up_log import WrapUpLog
from cordboard.activities.wrap_up.wrap_up_worker import wrap_up_worker
from cordboard.core.errors import InvalidError, UnavailableError
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.grpc_server import GrpcServer
from cordboard.runtime.identity import ServiceIdentity, TokenVerifier
from cordboard.runtime.key_client import KeyClient
from cordboard.runtime.ledger_client import LedgerClient
from cordboard.runtime.process import Stop, announce_ready, run
from cordboard.runtime.settings import Settings
from cordboard.workflows.call_tracing import CallTracing
from cordboard.workflows.data_converter import data_converter

NICENESS = 10
"""Whoever talks right now comes first."""


async def connect(settings: Settings, keys: KeyClient) -> Client:
    """Connect to Temporal with the calls' data converter. Raises UnavailableError(TEMPORAL_AWAY)."""
    try:
        return await Client.connect(
            settings.require("temporal"),
            namespace=settings.temporal_namespace,
            data_converter=data_converter(keys),
            interceptors=[CallTracing()],
            identity=settings.instance,
        )
    except (RuntimeError, RPCError) as error:
        raise UnavailableError("TEMPORAL_AWAY", "Temporal cannot be reached") from error


def retention(settings: Settings) -> timedelta | None:
    """How long the store is to let nobody change what must not change; None where nothing is to be locked.

    Raises InvalidError(SETTING_INVALID).
    """
    days = settings.s3_retention_days
    if not days.isdecimal():
        raise InvalidError("SETTING_INVALID", "a setting is no number of days", setting="CORDBOARD_S3_RETENTION_DAYS")
    return timedelta(days=int(days)) or None


async def main(settings: Settings, stop: Stop) -> None:
    """Wrap calls up until asked to stop; what is under way then is begun anew by the next process."""
    os.nice(NICENESS)
    identity = ServiceIdentity.load(settings.keys_path, "wrap-up", settings.require("instance"))
    async with contextlib.AsyncExitStack() as stack:
        channel = open_channel(settings.require("ledger"), identity, "ledger")
        await stack.enter_async_context(channel)
        ledger, keys = LedgerClient(channel, deadline=15.0), KeyClient(channel)
        await stack.enter_async_context(keys.listening())
        store = await stack.enter_async_context(
            S3RecordStore.open(
                settings.require("s3_endpoint"),
                Path(settings.require("s3_credentials_file")),
                settings.s3_bucket,
                retention(settings),
            )
        )
        workshop = Workshop(ledger, keys, store)
        engine = WhisperTranscriber()
        stack.push_async_callback(engine.close)
        outcomes = await stack.enter_async_context(open_outcomes(settings, identity, workshop))
        # Outcomes are shown at once; health says whether it asks Temporal for work.
        verifier = TokenVerifier.load(settings.keys_path)
        server = GrpcServer(settings.listen, verifier, "wrap-up", allowed=ALLOWED | TRANSCRIPTS_ALLOWED, serving=False)
        outcomes.serve_on(server)
        TranscriptService(workshop, outcomes.record).serve_on(server)
        address = f"{settings.listen.rpartition(':')[0]}:{await server.start()}"
        stack.push_async_callback(server.stop, 0.0)
        client = await connect(settings, keys)
        recording = RecordingStage(workshop)
        activities: list[Callable[..., Any]] = [
            recording.await_capture,
            recording.derive_recording,
            TranscriptStage(workshop, engine).derive_transcript,
            RedactStage(workshop, RedactionEngine.create).redact,
            OutcomeStage(outcomes.deriver).derive_outcome,
            HistoryStage(workshop, client).export_history,
            WrapUpLog(ledger, build_id=settings.build_id).append_facts,
        ]
        owner = identity.source(uuid.uuid4().hex)
        erased = ErasedCalls(ledger, store, TemporalWorkflows(client), outcomes.record, owner)
        async with wrap_up_worker(client, activities):
            await server.set_serving(True)
            announce_ready(grpc=address)
            await _follow(erased, stop)
            await server.set_serving(False)


async def _follow(erased: ErasedCalls, stop: Stop) -> None:
    """Follow erasures until asked to stop; what nobody foresaw ends the process."""
    ends = [asyncio.create_task(stop.wait()), asyncio.create_task(erased.run())]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
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
