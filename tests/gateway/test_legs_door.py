"""WebRTC over HTTP: offers in, answers out, legs ended."""

from datetime import timedelta
from typing import Any

import pytest
from gateway_house import OFFER, House, new_id

from cordboard.call.v1.decisions_pb2 import AgentAlerted, CallOffered, LegAdded
from cordboard.core.errors import InvalidError
from cordboard.gateway.memory_call_control import ANSWER, CALLER_LEG
from cordboard.media.v1 import leg_pb2


async def test_a_posted_offer_starts_a_call_and_is_answered_with_its_leg(house: House) -> None:
    status, headers, body = await house.post("/v1/legs", house.caller())
    assert (status, body) == (201, ANSWER)
    assert headers["content-type"].startswith("application/sdp")
    [head] = (await house.ledger.list_streams("call")).streams
    assert headers["location"] == f"/v1/calls/{head.stream.id}/legs/{CALLER_LEG}"
    assert headers["server"] == "cordboard"


async def test_the_same_token_with_the_same_offer_gets_the_same_answer(house: House) -> None:
    token = house.caller()
    first = await house.post("/v1/legs", token)
    second = await house.post("/v1/legs", token)
    assert first[1]["location"] == second[1]["location"]
    assert house.control.changes == 1


async def test_an_idempotency_key_names_the_request(house: House) -> None:
    token, key = house.caller(), new_id()
    first = await house.post("/v1/legs", token, Idempotency_Key=key)
    second = await house.post("/v1/legs", token, Idempotency_Key=f'"{key}"')
    assert first[0] == 201
    assert first[1]["location"] == second[1]["location"]


async def test_a_token_that_paid_for_a_call_pays_for_no_other(house: House) -> None:
    token = house.caller()
    await house.post("/v1/legs", token, Idempotency_Key=new_id())
    before = await house.events()
    status, _, problem = await house.post("/v1/legs", token, Idempotency_Key=new_id())
    assert (status, problem["reason"]) == (409, "TOKEN_USED")
    assert (await house.events(), house.control.changes) == (before, 1)


async def test_the_same_request_with_another_offer_is_refused(house: House) -> None:
    token = house.caller()
    await house.post("/v1/legs", token)
    before = await house.events()
    status, _, problem = await house.post("/v1/legs", token, OFFER.replace("4ZcD", "zzzz"))
    assert (status, problem["reason"]) == (409, "REQUEST_ID_REUSED")
    assert (await house.events(), house.control.changes) == (before, 1)


async def test_an_app_has_to_name_its_request(house: House) -> None:
    status, _, problem = await house.post("/v1/legs", house.token())
    assert (status, problem["reason"]) == (400, "REQUEST_ID_MISSING")
    status, _, _ = await house.post("/v1/legs", house.token(), Idempotency_Key=new_id())
    assert status == 201


async def test_what_the_workflow_refuses_is_told_with_its_reason(house: House) -> None:
    house.control.refusal = InvalidError("BAD_SDP", "no common codec")
    status, _, problem = await house.post("/v1/legs", house.caller())
    assert (status, problem["reason"]) == (400, "BAD_SDP")


async def test_a_ledger_that_is_away_is_named_and_nothing_is_started(house: House) -> None:
    house.ledger.away = True
    status, headers, problem = await house.post("/v1/legs", house.caller())
    assert (status, problem["reason"], headers["retry-after"]) == (503, "LEDGER_AWAY", "1")
    assert house.control.changes == 0


async def test_a_temporal_that_is_away_is_named_and_the_repeat_succeeds(house: House) -> None:
    token = house.caller()
    house.control.away = True
    status, _, problem = await house.post("/v1/legs", token)
    assert (status, problem["reason"]) == (503, "TEMPORAL_AWAY")
    house.control.away = False
    assert (await house.post("/v1/legs", token))[0] == 201


async def _call_of_a_caller(house: House) -> tuple[str, str]:
    """Start a call over HTTP, put its leg on the log, give the Location and the token."""
    token = house.caller()
    _, headers, _ = await house.post("/v1/legs", token, Idempotency_Key=new_id())
    call_id = headers["location"].split("/")[3]
    await house.decide(
        call_id,
        CallOffered(call_id=call_id, tenant="clinic", vertical="healthcare"),
        LegAdded(leg_id=CALLER_LEG, role=leg_pb2.LEG_ROLE_CALLER, transport=leg_pb2.LEG_TRANSPORT_WEBRTC),
        LegAdded(
            leg_id="leg-2",
            role=leg_pb2.LEG_ROLE_HUMAN_AGENT,
            transport=leg_pb2.LEG_TRANSPORT_WEBRTC,
            party_id="maria",
        ),
    )
    return headers["location"], token


async def test_the_callers_spent_token_ends_the_callers_leg_and_again(house: House) -> None:
    location, token = await _call_of_a_caller(house)
    assert (await house.ask("DELETE", location, token))[0] == 204
    assert (await house.ask("DELETE", location, token))[0] == 204
    assert house.control.changes == 2


async def test_a_token_ends_no_leg_of_others(house: House) -> None:
    location, token = await _call_of_a_caller(house)
    agents_leg = location.replace(CALLER_LEG, "leg-2")
    for path, bearer in (
        (location, house.caller()),
        (agents_leg, token),
        (location, house.token("agent", (), subject="maria")),
        (agents_leg, house.token("agent", (), subject="jon")),
    ):
        status, _, problem = await house.ask("DELETE", path, bearer)
        assert (status, problem["reason"]) == (403, "LEG_NOT_YOURS")
    assert house.control.changes == 1


async def test_an_app_that_may_steer_ends_any_leg(house: House) -> None:
    location, _ = await _call_of_a_caller(house)
    assert (await house.ask("DELETE", location, house.token()))[0] == 204


async def test_while_the_ledger_is_away_only_who_may_steer_ends_a_leg(house: House) -> None:
    location, token = await _call_of_a_caller(house)
    house.ledger.away = True
    status, _, problem = await house.ask("DELETE", location, token)
    assert (status, problem["reason"]) == (503, "LEDGER_AWAY")
    status, _, problem = await house.ask("DELETE", location, house.token(tenant="other"))
    assert (status, problem["reason"]) == (404, "CALL_NOT_FOUND")
    assert (await house.ask("DELETE", location, house.token()))[0] == 204


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/v1/calls/0192aaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa/legs/leg-1", "CALL_NOT_FOUND"),
        ("/v1/calls/nonsense/legs/leg-1", "CALL_NOT_FOUND"),
        ("{call}/legs/leg-77", "LEG_NOT_FOUND"),
    ],
)
async def test_a_leg_that_is_not_there_is_not_found(house: House, path: str, reason: str) -> None:
    location, _ = await _call_of_a_caller(house)
    path = path.replace("{call}", location.rpartition("/legs")[0])
    status, _, problem = await house.ask("DELETE", path, house.token())
    assert (status, problem["reason"]) == (404, reason)


async def test_another_tenants_leg_is_not_found(house: House) -> None:
    location, _ = await _call_of_a_caller(house)
    status, _, problem = await house.ask("DELETE", location, house.token(tenant="other"))
    assert (status, problem["reason"]) == (404, "CALL_NOT_FOUND")


async def test_an_agent_adds_a_leg_to_a_call(house: House) -> None:
    call_id = await house.started()
    await house.decide(call_id, AgentAlerted(agent_id="maria", reservation_epoch=1))
    agent = house.token("agent", (), subject="maria")
    key = new_id()
    first = await house.post(f"/v1/calls/{call_id}/legs", agent, Idempotency_Key=key)
    second = await house.post(f"/v1/calls/{call_id}/legs", agent, Idempotency_Key=key)
    assert first[0] == 201
    assert first[1]["location"] == second[1]["location"] == f"/v1/calls/{call_id}/legs/leg-2"


@pytest.mark.parametrize(
    ("role", "tenant", "expected"),
    [
        ("caller", "clinic", (403, "SCOPE_MISSING")),
        ("app", "clinic", (403, "SCOPE_MISSING")),
        ("agent", "clinic", (403, "NOT_OFFERED")),
        ("agent", "other", (404, "CALL_NOT_FOUND")),
    ],
)
async def test_others_add_no_leg(house: House, role: str, tenant: str, expected: tuple[int, str]) -> None:
    call_id = await house.started()
    token = house.token(role, ("calls:start",), tenant=tenant)
    status, _, problem = await house.post(f"/v1/calls/{call_id}/legs", token, Idempotency_Key=new_id())
    assert (status, problem["reason"]) == expected
    assert house.control.changes == 1


async def test_a_caller_comes_back_in_place_of_their_own_leg_only(house: House) -> None:
    location, token = await _call_of_a_caller(house)
    legs = location.rpartition("/")[0]
    back = await house.post(f"{legs}?replaces={CALLER_LEG}", token, Idempotency_Key=new_id())
    assert (back[0], back[1]["location"]) == (201, f"{legs}/leg-2")
    for path, bearer, expected in (
        (f"{legs}?replaces=leg-2", token, (403, "LEG_NOT_YOURS")),
        (f"{legs}?replaces=leg-77", token, (404, "LEG_NOT_FOUND")),
        (f"{legs}?replaces={CALLER_LEG}", house.caller(), (403, "LEG_NOT_YOURS")),
        (legs, token, (403, "SCOPE_MISSING")),
    ):
        status, _, problem = await house.post(path, bearer, Idempotency_Key=new_id())
        assert (status, problem["reason"]) == expected


async def test_health_and_readiness_tell_what_is_away(house: House) -> None:
    assert (await house.ask("GET", "/healthz"))[0] == 200
    assert (await house.ask("GET", "/readyz"))[0] == 200
    house.control.away = True
    status, _, problem = await house.ask("GET", "/readyz")
    assert (status, problem["reason"]) == (503, "TEMPORAL_AWAY")
    house.ledger.away = True
    status, _, problem = await house.ask("GET", "/readyz")
    assert (status, problem["reason"]) == (503, "LEDGER_AWAY")
    assert (await house.ask("GET", "/healthz"))[0] == 200


def _tokens(house: House) -> dict[str, Any]:
    good = house.caller()
    return {
        "missing": None,
        "nonsense": "nonsense",
        "altered": good[:-6] + "AAAAAA",
        "expired": house.caller(ttl=timedelta(seconds=-10)),
        "without the scope": house.token("caller", ()),
        "without a tenant": house.caller(tenant=""),
        "without a vertical": house.caller(vertical=""),
    }


@pytest.mark.parametrize(
    ("which", "status", "reason"),
    [
        ("missing", 401, "TOKEN_MISSING"),
        ("nonsense", 401, "TOKEN_INVALID"),
        ("altered", 401, "TOKEN_INVALID"),
        ("expired", 401, "TOKEN_EXPIRED"),
        ("without the scope", 403, "SCOPE_MISSING"),
        ("without a tenant", 403, "TENANT_MISMATCH"),
        ("without a vertical", 400, "VERTICAL_MISSING"),
    ],
)
async def test_a_bad_token_starts_nothing(house: House, which: str, status: int, reason: str) -> None:
    found, headers, problem = await house.post("/v1/legs", _tokens(house)[which])
    assert (found, problem["reason"], problem["status"]) == (status, reason, status)
    assert headers["content-type"].startswith("application/problem+json")
    assert ("www-authenticate" in headers) == (status == 401)
    assert (await house.events(), house.control.changes) == (0, 0)
