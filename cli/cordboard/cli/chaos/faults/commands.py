"""Requests and commands that come twice, at the same time, in the wrong order, or too late."""

import asyncio
import time
import uuid
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp

from cordboard.call.v1.call_pb2 import RECORDING_STATE_ON, RECORDING_STATE_PAUSED
from cordboard.call.v1.call_service_pb2 import EndCallRequest, EscalateCallRequest, SetRecordingRequest
from cordboard.cli.bench.far_peer import FarPeer
from cordboard.cli.chaos.fault import Scene, Trouble
from cordboard.cli.chaos.producer_audit import record_of
from cordboard.cli.chaos.standing_call import TENANT, VERTICAL, StandingCall
from cordboard.cli.chaos.until import until
from cordboard.cli.doors import ledger_door
from cordboard.core.errors import CordboardError
from cordboard.core.fold import is_decision_envelope
from cordboard.media.v1.command_pb2 import CloseRoom, Command, CreateRoom
from cordboard.media.v1.media_node_service_pb2 import ApplyRequest
from cordboard.media.v1.media_node_service_pb2_grpc import MediaNodeServiceStub
from cordboard.runtime.error_table import translate_errors
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.identity import ServiceIdentity, UserTokenIssuer

_AT_ONCE = 3
_DEADLINE_S = 10.0
_STILL_S = 0.7

Ask = Callable[[], Coroutine[Any, Any, Any]]


async def repeat_commands(scene: Scene, trouble: Trouble) -> None:
    """Repeat offers, steering and the end of a call; send a node's commands twice, out of order, and from the past."""
    at = time.monotonic()
    trouble.faults += await _offer_at_once(scene)
    for call in scene.calls:
        trouble.faults += await _steer_at_once(call)
        trouble.recover_s.append(time.monotonic() - at)
    trouble.faults += await _after_the_end(scene)
    trouble.faults += await _old_epochs(scene)


async def _offer_at_once(scene: Scene) -> list[str]:
    """Post one offer several times at once, and once more later: it is one call."""
    issuer = UserTokenIssuer.load(scene.chaos.stack.directory.keys)
    token = issuer.mint(role="caller", tenant=TENANT, vertical=VERTICAL, scopes=("calls:start",))
    peer = FarPeer()
    try:
        sdp = await peer.offer()
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/sdp",
            "Idempotency-Key": str(uuid.uuid4()),
        }
        timeout = aiohttp.ClientTimeout(total=_DEADLINE_S)
        async with aiohttp.ClientSession(scene.chaos.stack.gateway_http, timeout=timeout) as session:

            async def post(sdp: str) -> tuple[int, str]:
                async with session.post("/v1/legs", data=sdp, headers=headers) as response:
                    await response.read()
                    return response.status, response.headers.get("Location", "")

            answers = await asyncio.gather(*(post(sdp) for _ in range(_AT_ONCE)))
            answers = [*answers, await post(sdp)]
            other, _ = await post(sdp.replace("s=-", "s=another"))
            async with session.delete(answers[0][1], headers=headers) as response:
                await response.read()
    finally:
        await peer.close()
    found = []
    if len(set(answers)) != 1 or answers[0][0] != 201:
        found.append(f"one offer that was posted {len(answers)} times was answered {sorted(set(answers))}")
    if other != 409:
        found.append(f"another offer under the same request id was answered {other}")
    return found


async def _steer_at_once(call: StandingCall) -> list[str]:
    """Ask for the same pause several times at once, and again after the recording was resumed: it is one pause."""
    before = call.seen.changes

    def asking(state: Any) -> Ask:
        request = SetRecordingRequest(request_id=str(uuid.uuid4()), call_id=call.call_id, state=state, reason="CHAOS")

        async def ask() -> None:
            async with translate_errors():
                await call.stub.SetRecording(request, timeout=_DEADLINE_S)

        return ask

    pause, resume = asking(RECORDING_STATE_PAUSED), asking(RECORDING_STATE_ON)
    await asyncio.gather(*(pause() for _ in range(_AT_ONCE)))
    await asyncio.gather(*(resume() for _ in range(_AT_ONCE)))
    # Late: it is answered as it was, and the recording stays as it is.
    await pause()
    async with asyncio.timeout(_DEADLINE_S):
        await until(lambda: call.seen.changes >= before + 2)
    done = call.seen.changes - before
    return [] if done == 2 else [f"call {call.call_id}: one pause and one resumption came to {done} decisions"]


async def _after_the_end(scene: Scene) -> list[str]:
    """End a call twice at once, end it again, and steer it when it is over: nothing changes any more."""
    call = scene.party.extra()
    try:
        await call.call()
        request = EndCallRequest(request_id=str(uuid.uuid4()), call_id=call.call_id, reason="CHAOS")

        async def end() -> None:
            async with translate_errors():
                await call.stub.EndCall(request, timeout=_DEADLINE_S)

        call.hung_up = True
        await asyncio.gather(*(end() for _ in range(_AT_ONCE)))
        await call.until_over()
        before = await _decided(scene, call)
        await end()
        escalate = EscalateCallRequest(request_id=str(uuid.uuid4()), call_id=call.call_id, reason="CHAOS")
        answer = await _reason_of(lambda: call.stub.EscalateCall(escalate, timeout=_DEADLINE_S))
        after = await _decided(scene, call)
    finally:
        await call.close()
    found = [] if answer in {"CALL_OVER", "WRONG_PHASE", "CALL_NOT_FOUND"} else [f"an ended call was steered: {answer}"]
    return found if before == after else [*found, f"an ended call got {after - before} more decisions"]


async def _decided(scene: Scene, call: StandingCall) -> int:
    """Count the decisions of a call once no more come: its room is closed after it has ended."""
    before = -1
    async with asyncio.timeout(_DEADLINE_S):
        while True:
            decided = sum(map(is_decision_envelope, await record_of(scene.chaos.home, call.call_id)))
            if decided == before:
                return decided
            before = decided
            await asyncio.sleep(_STILL_S)


async def _old_epochs(scene: Scene) -> list[str]:
    """Send a node commands twice, out of order, and from before a call was placed anew."""
    stack = scene.chaos.stack
    async with ledger_door(scene.chaos.home) as ledger:
        # The node logs about a call; without one its facts would be refused.
        opened = await ledger.open_call(
            tenant=TENANT, request_id=str(uuid.uuid4()), args_digest=bytes(32), vertical=VERTICAL
        )
    identity = ServiceIdentity.load(stack.directory.keys, "worker", "chaos")
    async with open_channel(stack.address("media-node-1"), identity, "media-node") as channel:
        stub = MediaNodeServiceStub(channel)

        async def send(epoch: int, seq: int, command: Command) -> str:
            command.call_id, command.placement_epoch, command.command_seq = opened.call_id, epoch, seq
            return await _reason_of(lambda: stub.Apply(ApplyRequest(command=command), timeout=_DEADLINE_S))

        def room(tenant: str = TENANT) -> Command:
            return Command(create_room=CreateRoom(tenant=tenant))

        def close() -> Command:
            return Command(close_room=CloseRoom(reason="DONE"))

        answers = [
            await send(2, 1, room()),
            await send(2, 1, room()),
            await send(2, 1, room("another")),
            await send(2, 3, close()),
            await send(1, 1, room()),
            await send(2, 2, close()),
            await send(2, 2, close()),
        ]
    wanted = ["", "", "COMMAND_CONFLICT", "COMMAND_OUT_OF_ORDER", "STALE_EPOCH", "", ""]
    return [] if answers == wanted else [f"the node answered {answers} where {wanted} was right"]


async def _reason_of(ask: Callable[[], Any]) -> str:
    """Give the reason of a refusal; empty when there was none."""
    try:
        async with translate_errors():
            await ask()
    except CordboardError as error:
        return error.reason
    return ""
