"""One run of the demo: a stack, a caller, a call, a story, a report."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from temporalio.exceptions import TemporalError

from cordboard.call.v1.call_service_pb2_grpc import CallServiceStub
from cordboard.cli.demo.agent import AgentDoor, AgentJob
from cordboard.cli.demo.call_outcome import ask_outcome
from cordboard.cli.demo.caller import CallerJob, Door
from cordboard.cli.demo.caller_process import CallerProcess
from cordboard.cli.demo.capture import opens_as_logged, stored_as_logged
from cordboard.cli.demo.narrator import Narrator
from cordboard.cli.demo.outcome import FarEnds, Proof, complete, compose
from cordboard.cli.demo.proof import chain_is_valid, live_state, replays_as
from cordboard.cli.demo.script import Script
from cordboard.cli.demo.story import Story
from cordboard.cli.demo.watch import CallWatch
from cordboard.cli.demo.wrap_up import look_into, until_wrapped_up
from cordboard.cli.page_addresses import hand_over_skills
from cordboard.cli.supervision.s3_request import S3Keys
from cordboard.cli.supervision.stack import Stack
from cordboard.cli.supervision.temporal_server import NAMESPACE
from cordboard.core.errors import CordboardError
from cordboard.runtime.grpc_channel import open_channel, open_user_channel
from cordboard.runtime.identity import ServiceIdentity, UserTokenIssuer
from cordboard.runtime.key_client import KeyClient

TENANT = "demo"
_CALL_ENDS_WITHIN_S = 60.0
"""Longest that a call may go on after its caller has left."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a call is placed: a running stack and who tells the story."""

    stack: Stack
    narrator: Narrator

    @property
    def home(self) -> Path:
        """The stack's state directory."""
        return self.stack.directory.root

    def token(self, role: str, vertical: str, *scopes: str) -> str:
        """Mint a token of the demo's tenant."""
        issuer = UserTokenIssuer.load(self.stack.directory.keys)
        return issuer.mint(role=role, tenant=TENANT, vertical=vertical, scopes=scopes)

    def agent_token(self) -> str:
        """Mint a token for a human agent with every skill that the vertical pack may ask for."""
        issuer = UserTokenIssuer.load(self.stack.directory.keys)
        return issuer.mint(role="agent", tenant=TENANT, skills=hand_over_skills())


def caller_job(home: Path, script: Script) -> CallerJob:
    """What a caller of this folder is told about a script."""
    return CallerJob(script=script.source, speech=str(home / "speech"), out=str(home / "demo" / "last-call"))


def agent_job(home: Path) -> AgentJob:
    """What a human agent of this folder is told."""
    return AgentJob(speech=str(home / "speech"), out=str(home / "demo" / "last-call"))


async def place_call(
    stage: Stage, script: Script, caller: CallerProcess, agent: CallerProcess | None, *, wrap_up: bool = True
) -> dict[str, Any]:
    """Place one call on a running stack and give its report; `agent` serves a caller who wants a human.

    With `wrap_up` it waits for that and looks into what was published.
    """
    await caller.ready()
    if agent is not None:
        await agent.ready()
        await agent.open(AgentDoor(stage.stack.gateway_http, stage.agent_token()))
        await agent.signed_in()
    stage.narrator.step("calling")
    call_id = await caller.call(Door(stage.stack.gateway_http, stage.token("caller", script.vertical, "calls:start")))
    token = stage.token("app", script.vertical, "calls:read", "phi")
    async with open_user_channel(stage.stack.gateway_grpc, token) as channel:
        watch = CallWatch(CallServiceStub(channel), call_id, stage.narrator.beat)
        watching = asyncio.ensure_future(watch.until_over())
        try:
            report = await caller.report()
            stage.narrator.step("waiting for the end of the call")
            await _within(watching, _CALL_ENDS_WITHIN_S)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        story = await watch.late_facts()
        agents_report = await agent.report() if agent is not None else None
        stage.narrator.step("checking the record")
        proof = await prove(stage.stack, call_id, story)
        composed = compose(script, FarEnds(report, agents_report), story, proof)
        if not wrap_up:
            return composed
        stage.narrator.step("waiting for wrap-up: transcript, redaction, recording")
        view = await until_wrapped_up(CallServiceStub(channel), call_id)
        came = await ask_outcome(CallServiceStub(channel), call_id, script.persona)
    kept = await look_into(view, script.persona, _store(stage.stack), _store_keys(stage.stack))
    return complete(composed, kept.fields | came.fields, kept.faults + came.faults)


async def _within(watching: "asyncio.Future[Any]", seconds: float) -> None:
    try:
        await asyncio.wait_for(asyncio.shield(watching), seconds)
    except TimeoutError:
        # The report names the phase in which the call was left.
        return


async def prove(stack: Stack, call_id: str, story: Story) -> Proof:
    """Check chain, replay and capture on a running stack; a check that cannot be made has not been passed."""
    home = stack.directory.root
    valid = await _check("chain", lambda: chain_is_valid(home, call_id))

    async def same() -> bool:
        live = await live_state(
            home,
            call_id,
            temporal=stack.address("temporal"),
            namespace=NAMESPACE,
            ledger=stack.address("ledger"),
        )
        return await replays_as(home, call_id, live)

    async def stored() -> bool:
        endpoint = _store(stack)
        keys = _store_keys(stack)
        if not await stored_as_logged(endpoint, keys, story.segments):
            return False
        identity = ServiceIdentity.load(stack.directory.keys, "cli", "demo")
        async with open_channel(stack.address("ledger"), identity, "ledger") as channel:
            subkey = await KeyClient(channel).subkey(call_id, "recording")
        fullest = max(story.segments, key=lambda segment: segment.packets)
        return await opens_as_logged(endpoint, keys, call_id, fullest, subkey)

    return Proof(
        chain_valid=valid,
        replay_equals_live=await _check("replay", same),
        capture_ok=bool(story.segments) and await _check("capture", stored),
    )


def _store(stack: Stack) -> str:
    return stack.address("s3", "http").removeprefix("http://")


def _store_keys(stack: Stack) -> S3Keys:
    secrets = stack.directory.secrets
    return S3Keys(
        access_key=(secrets / "s3-access-key").read_text(encoding="utf-8"),
        secret_key=(secrets / "s3-secret-key").read_text(encoding="utf-8"),
    )


async def _check(name: str, check: Callable[[], Any]) -> bool:
    try:
        return bool(await check())
    except (CordboardError, TemporalError, aiohttp.ClientError, OSError) as error:
        sys.stderr.write(f"{name} could not be checked: {error}\n")
        return False
