"""`cordboard call` changes a call through a gateway."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from gateway_house import House, open_house
from typer.testing import CliRunner, Result

from cordboard.call.v1.call_service_pb2 import EndCallRequest, HoldLegRequest, RetrieveLegRequest
from cordboard.cli.app import app
from cordboard.core.errors import NotFoundError
from cordboard.gateway.call_control import Party, Steering
from cordboard.gateway.memory_call_control import CALLER_LEG, MemoryCallControl

REQUEST = "6f1c7a52-8a5e-4a39-9d0c-0f6a5a0f3c11"


class RememberedCalls(MemoryCallControl):
    """Calls that remember what was asked of them."""

    def __init__(self) -> None:
        super().__init__()
        self.steered: list[Steering] = []

    async def steer(self, party: Party, request: Steering) -> None:
        await super().steer(party, request)
        self.steered.append(request)


async def _run(house: House, *arguments: str) -> Result:
    """Run the command beside the gateway, which serves in this loop."""
    door = ["--gateway", house.gateway.grpc_address, "--token", house.token()]
    return await asyncio.to_thread(CliRunner().invoke, app, ["call", *arguments, *door])


@pytest.mark.parametrize(
    ("command", "kind", "leg"),
    [("hold", HoldLegRequest, CALLER_LEG), ("retrieve", RetrieveLegRequest, CALLER_LEG), ("end", EndCallRequest, "")],
)
async def test_a_command_changes_the_call_once_however_often_it_is_repeated(
    tmp_path: Path, command: str, kind: Any, leg: str
) -> None:
    calls = RememberedCalls()
    async with open_house(tmp_path / "keys", control=calls) as house:
        call_id = await house.started()
        changes = calls.changes
        for _ in range(2):
            result = await _run(house, command, call_id, *([leg] if leg else []), "--request-id", REQUEST, "--json")
            assert json.loads(result.stdout) == {"call_id": call_id, "request_id": REQUEST}
        assert [type(one) for one in calls.steered] == [kind, kind]
        assert {(one.call_id, one.request_id, getattr(one, "leg_id", "")) for one in calls.steered} == {
            (call_id, REQUEST, leg)
        }
        assert calls.changes == changes + 1


async def test_a_leg_that_is_not_there_is_named_so(tmp_path: Path) -> None:
    async with open_house(tmp_path / "keys") as house:
        call_id = await house.started()
        result = await _run(house, "hold", call_id, "leg-9")
        assert isinstance(result.exception, NotFoundError)
        assert result.exception.reason == "LEG_NOT_FOUND"
