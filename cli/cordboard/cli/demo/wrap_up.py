"""What was made of the demo's call after its end, fetched from the store and looked into like anybody would."""

import asyncio
import hashlib
import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp

from cordboard.activities.wrap_up.audio.ogg_file import read_ogg
from cordboard.activities.wrap_up.audio.opus_decoder import RATE
from cordboard.call.v1.call_service_pb2 import GetCallRequest
from cordboard.call.v1.wrap_up_facts_pb2 import (
    OBJECT_KIND_RECORDING_MUTED,
    OBJECT_KIND_TRANSCRIPT_REDACTED,
    ObjectKind,
    StoredObject,
    WrapUpView,
)
from cordboard.cli.demo.script import Persona
from cordboard.cli.supervision.s3_request import S3Keys, send
from cordboard.core.errors import InternalError, UnavailableError
from cordboard.runtime.error_table import translate_errors

if TYPE_CHECKING:  # the name exists in the stub file only
    from cordboard.call.v1.call_service_pb2_grpc import CallServiceAsyncStub

WITHIN_S = 120.0
_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class Kept:
    """What the demo found in the store, and what is wrong with it."""

    fields: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


async def until_wrapped_up(calls: "CallServiceAsyncStub", call_id: str, within_s: float = WITHIN_S) -> WrapUpView:
    """Ask through the public door until wrap-up is over, for at most so long; gives how it stands then."""
    until = time.monotonic() + within_s
    view = WrapUpView()
    while not view.finished and time.monotonic() < until:
        try:
            async with translate_errors():
                view = (await calls.GetCall(GetCallRequest(call_id=call_id), timeout=10)).call.wrap_up
        except UnavailableError:
            pass
        if not view.finished:
            await asyncio.sleep(_PAUSE_S)
    return view


async def look_into(view: WrapUpView, persona: Persona, endpoint: str, keys: S3Keys) -> Kept:
    """Fetch what was published from the store at `host:port`, decode it, and compare it with log and script."""
    kept = Kept()
    if not view.finished:
        kept.faults.append(f"wrap-up was not over within {WITHIN_S:.0f} s")
    else:
        kept.fields["wrap_up_seconds"] = round(view.took.ToTimedelta().total_seconds(), 1)
    if missing := sorted({one.reason for stage in view.stages for one in stage.shortfalls}):
        kept.fields["wrap_up_missing"] = missing
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        published = {one.kind: one for one in view.objects}
        for kind, name in ((OBJECT_KIND_RECORDING_MUTED, "recording"), (OBJECT_KIND_TRANSCRIPT_REDACTED, "transcript")):
            data = await _fetch(session, endpoint, keys, published.get(kind))
            if data is not None:
                kept.fields[name] = _told(kind, published[kind], data)
                kept.faults.extend(_faults(kind, data, persona))
            elif persona.consents:
                kept.faults.append(f"no {name} was published as the log says")
            if kind in published and not persona.consents:
                kept.faults.append(f"a {name} was published against the caller's word")
    return kept


async def _fetch(
    session: aiohttp.ClientSession, endpoint: str, keys: S3Keys, stored: StoredObject | None
) -> bytes | None:
    """Give an object if it is there with the bytes that the log names."""
    if stored is None:
        return None
    status, data = await send(session, keys, "GET", endpoint, "/" + stored.uri.removeprefix("s3://"))
    return data if status == 200 and hashlib.sha256(data).digest() == stored.sha256 else None


def _told(kind: ObjectKind.ValueType, stored: StoredObject, data: bytes) -> dict[str, Any]:
    if kind == OBJECT_KIND_RECORDING_MUTED:
        channels, seconds = _decoded(data)
        return {"uri": stored.uri, "channels": channels, "seconds": seconds, "sha256": stored.sha256.hex()}
    counts = json.loads(data).get("counts", [])
    return {"uri": stored.uri, "redactions": sum(int(one.get("spans", 0)) for one in counts)}


def _decoded(ogg: bytes) -> tuple[int, float]:
    """Channels and seconds of a file, by decoding all of it."""
    try:
        pieces = [(piece.shape[1], len(piece)) for piece in read_ogg(ogg)]
    except InternalError:
        return 0, 0.0
    return max((channels for channels, _ in pieces), default=0), round(sum(n for _, n in pieces) / RATE, 1)


def _faults(kind: ObjectKind.ValueType, data: bytes, persona: Persona) -> list[str]:
    """What may not be in what was published."""
    if kind == OBJECT_KIND_RECORDING_MUTED:
        return [] if _decoded(data)[0] == 2 else ["the published recording has not two channels"]
    texts = [str(one.get("text", "")) for one in json.loads(data).get("utterances", [])]
    found = []
    if any(persona.name.lower() in text.lower() for text in texts):
        found.append("the published transcript holds the caller's name")
    if any(persona.digits in re.sub(r"\D", "", text) for text in texts):
        found.append("the published transcript holds the caller's number")
    if not texts:
        found.append("the published transcript is empty")
    return found
