"""A call's events over WebSocket: who may have them, resumed without gap or repeat, closed with clear codes."""

import asyncio
import socket as sockets

import pytest
from desk_story import MARIA, DeskStory
from event_client import PROTOCOL, listening
from gateway_house import House, new_id

from cordboard.call.v1.agent_facts_pb2 import AGENT_STATE_READY
from cordboard.call.v1.decisions_pb2 import CallAnswered, CallOffered, MediaCommandRequested
from cordboard.call.v1.facts_pb2 import UtteranceHeard
from cordboard.gateway.event_plane.frames import event_frame
from cordboard.media.v1.command_pb2 import AddLeg, Command, WebrtcOffer
from cordboard.runtime.ledger_client import agent_stream, call_stream


@pytest.fixture
def story(house: House) -> DeskStory:
    return DeskStory(house)


async def _call(house: House) -> tuple[str, str, str]:
    """A call that a caller's token paid for: its path, its id, the token."""
    token = house.caller()
    _, headers, _ = await house.post("/v1/legs", token, Idempotency_Key=new_id())
    call_id = headers["location"].split("/")[3]
    return f"/v1/calls/{call_id}/events", call_id, token


async def test_a_callers_spent_token_shows_the_call_from_its_start_and_as_it_goes_on(
    house: House, story: DeskStory
) -> None:
    path, call_id, token = await _call(house)
    async with listening(house, path, token) as client:
        assert client.socket.protocol == PROTOCOL
        assert await client.hello() == {"type": "hello", "cursor": 0}
        opened = await client.event("CallOpened")
        assert opened["event"]["event"]["stream"] == {"kind": "call", "id": call_id}
        assert opened["cursor"] == int(opened["event"]["position"])
        await story.say(call_id, "caller", "Hello")
        heard = await client.event("UtteranceHeard")
        assert heard["event"]["event"]["event"]["text"] == "Hello"
        assert heard["cursor"] > opened["cursor"]


async def test_a_cursor_resumes_with_no_gap_and_nothing_twice(house: House, story: DeskStory) -> None:
    path, call_id, token = await _call(house)
    other = await house.started()
    await story.decide(call_id, CallOffered(call_id=call_id, tenant="clinic", vertical="healthcare"))
    async with listening(house, path, token) as first:
        await first.hello()
        cursor = (await first.event("CallOffered"))["cursor"]
    await story.say(other, "caller", "not for you")
    await story.decide(call_id, CallAnswered())
    async with listening(house, path, token, after=cursor) as second:
        assert (await second.hello())["cursor"] == cursor
        await story.say(call_id, "caller", "Hello")
        await second.event("UtteranceHeard")
    assert first.names() == ["CallOpened", "CallOffered"]
    assert second.names() == ["CallAnswered", "UtteranceHeard"]


async def test_the_words_of_a_call_are_for_its_caller_and_for_readers_with_the_scope(
    house: House, story: DeskStory
) -> None:
    path, call_id, token = await _call(house)
    await story.say(call_id, "caller", "Hello")
    for bearer, text in (
        (token, "Hello"),
        (house.token(scopes=("calls:read", "phi")), "Hello"),
        (house.token(scopes=("calls:read",)), None),
    ):
        async with listening(house, path, bearer, as_browser=bearer == token) as client:
            heard = await client.event("UtteranceHeard")
            assert heard["event"]["event"]["event"].get("text") == text
            assert heard["event"].get("redacted", False) == (text is None)


async def test_addresses_and_the_staffs_notes_are_no_callers_business(house: House, story: DeskStory) -> None:
    call_id = await story.waiting_call()
    add = AddLeg(leg_id="leg-9", webrtc_offer=WebrtcOffer(sdp="c=IN IP4 192.0.2.7"))
    await story.decide(call_id, MediaCommandRequested(command=Command(call_id=call_id, add_leg=add)))
    async with listening(house, f"/v1/calls/{call_id}/events", house.token()) as client:
        released = await client.event("AiReleased")
        assert released["event"]["event"]["event"]["summary"]
        requested = await client.event("MediaCommandRequested")
        assert requested["event"]["event"]["event"]["command"]["addLeg"] == {"legId": "leg-9", "webrtcOffer": {}}
    path, own, token = await _call(house)
    # What a caller may not see does not depend on whose words they are.
    story_of_own = DeskStory(house)
    await story_of_own.decide(own, MediaCommandRequested(command=Command(call_id=own, add_leg=add)))
    async with listening(house, path, token) as client:
        requested = await client.event("MediaCommandRequested")
        assert "192.0.2.7" not in str(requested)


@pytest.mark.parametrize(
    ("bearer", "call", "code", "reason"),
    [
        ("none", "own", 4401, "TOKEN_MISSING"),
        ("nonsense", "own", 4401, "TOKEN_INVALID"),
        ("another caller", "own", 4403, "SCOPE_MISSING"),
        ("app without scope", "own", 4403, "SCOPE_MISSING"),
        ("app", "0192aaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa", 4404, "CALL_NOT_FOUND"),
        ("app", "nonsense", 4404, "CALL_NOT_FOUND"),
        ("another tenant", "own", 4404, "CALL_NOT_FOUND"),
    ],
)
async def test_a_refusal_is_told_by_the_closing_code(
    house: House, bearer: str, call: str, code: int, reason: str
) -> None:
    path, call_id, _ = await _call(house)
    tokens = {
        "none": None,
        "nonsense": "nonsense",
        "another caller": house.caller(),
        "app without scope": house.token(scopes=("calls:start",)),
        "app": house.token(),
        "another tenant": house.token(tenant="other"),
    }
    async with listening(house, path.replace(call_id, call_id if call == "own" else call), tokens[bearer]) as client:
        assert await client.closed() == (code, reason)


async def test_a_cursor_that_nobody_gave_out_is_refused(house: House) -> None:
    path, _, token = await _call(house)
    async with listening(house, f"{path}?after=-1", token) as client:
        assert await client.closed() == (4400, "CURSOR_INVALID")


async def test_an_ordinary_request_is_told_to_upgrade(house: House) -> None:
    path, _, token = await _call(house)
    status, _, problem = await house.ask("GET", path, token)
    assert (status, problem["reason"]) == (426, "UPGRADE_REQUIRED")


async def test_pings_come_while_nothing_happens(house: House) -> None:
    path, _, token = await _call(house)
    async with listening(house, path, token) as client:
        await client.event("CallOpened")
        assert await client.socket.receive_json(timeout=10) == {"type": "ping"}


async def test_a_ledger_that_is_away_asks_the_client_to_come_again(house: House) -> None:
    path, _, token = await _call(house)
    house.ledger.away = True
    async with listening(house, path, token) as client:
        assert await client.closed() == (1013, "LEDGER_AWAY")


async def test_a_gateway_that_stops_sends_its_clients_elsewhere(house: House) -> None:
    path, _, token = await _call(house)
    async with listening(house, path, token) as client:
        await client.event("CallOpened")
        restarting = asyncio.create_task(house.restart())
        assert await client.closed() == (1001, "GOING_AWAY")
        await restarting


async def test_a_client_that_does_not_read_is_closed_and_not_buffered_for(house: House, story: DeskStory) -> None:
    path, call_id, token = await _call(house)
    host, _, port = house.gateway.http_address.rpartition(":")
    raw = sockets.socket()
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, (host, int(port)))
    reader, writer = await asyncio.open_connection(sock=raw, limit=4096)
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {key}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    words = UtteranceHeard(turn_id="t", leg_id="leg-1", text="word " * 20_000)
    for _ in range(200):
        await story.log(call_stream(call_id), "voice-agent/v/1", words)
    received = 0
    async with asyncio.timeout(30):
        while house.gateway._sockets._open:
            await asyncio.sleep(0.05)
        while chunk := await reader.read(1 << 20):
            received += len(chunk)
    writer.close()
    assert received < 200 * 100_000


async def test_the_kept_twin_of_a_reader_is_not_held_up_by_a_slow_one(house: House, story: DeskStory) -> None:
    path, call_id, token = await _call(house)
    async with listening(house, path, token), listening(house, path, token) as quick:
        await story.say(call_id, "caller", "Hello")
        await quick.event("UtteranceHeard")


async def test_a_type_that_this_build_does_not_know_is_named_and_passed_on(house: House, story: DeskStory) -> None:
    await story.state(AGENT_STATE_READY)
    kept = house.ledger._streams["agent", agent_stream("clinic", MARIA).id].events[0]
    kept.event.event.type_url = "type.googleapis.com/cordboard.call.v1.FromTheFuture"
    assert '"event":{"@type":"type.googleapis.com/cordboard.call.v1.FromTheFuture"}' in event_frame(kept)


async def test_a_binary_frame_closes_the_socket(house: House) -> None:
    path, _, token = await _call(house)
    async with listening(house, path, token) as client:
        await client.event("CallOpened")
        await client.socket.send_bytes(b"x")
        assert await client.closed() == (1003, "TEXT_ONLY")
