"""The deadlines and retries that clients of CallService take from the contract."""

import asyncio
import json
from importlib.resources import files
from typing import Any

import grpc
import pytest
from gateway_house import House, reason_of, start_request

from cordboard.call.v1 import call_service_pb2
from cordboard.call.v1.call_service_pb2_grpc import CallServiceStub

CONFIG = (files("cordboard.call.v1") / "call_service_config.json").read_text(encoding="utf-8")


def _methods() -> dict[str, dict[str, Any]]:
    return {name["method"]: entry for entry in json.loads(CONFIG)["methodConfig"] for name in entry["name"]}


def test_every_method_has_its_deadline_and_retries() -> None:
    service = call_service_pb2.DESCRIPTOR.services_by_name["CallService"]
    assert set(_methods()) == {method.name for method in service.methods}
    for name, entry in _methods().items():
        assert entry["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE"]
        assert ("timeout" in entry) == (name != "WatchCall")


def _channel(house: House) -> grpc.aio.Channel:
    return grpc.aio.insecure_channel(house.gateway.grpc_address, options=[("grpc.service_config", CONFIG)])


async def test_a_client_with_the_config_rides_out_a_ledger_that_restarts(house: House) -> None:
    house.ledger.away = True
    async with _channel(house) as channel:
        metadata = (("authorization", f"Bearer {house.token()}"),)
        starting = asyncio.ensure_future(CallServiceStub(channel).StartCall(start_request(), metadata=metadata))
        done, _ = await asyncio.wait([starting], timeout=0.3)
        assert not done
        house.ledger.away = False
        assert (await asyncio.wait_for(starting, 20)).call_id
    assert house.control.changes == 1


async def test_a_refusal_is_not_tried_again(house: House) -> None:
    async with _channel(house) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await CallServiceStub(channel).StartCall(start_request())
    assert reason_of(refused.value) == "TOKEN_MISSING"
