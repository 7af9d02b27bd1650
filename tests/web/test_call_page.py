"""The page to call from, in Chromium: press, speak, read along, be handed over, end."""

from gateway_house import House
from page_house import PageHouse
from playwright.async_api import Page, expect

from cordboard.call.v1.call_service_pb2 import RemoveLegRequest
from cordboard.call.v1.decisions_pb2 import (
    AgentConnected,
    AiEngaged,
    CallCompleted,
    CallOffered,
    CallQueued,
    ConsentRecorded,
    LegAdded,
    LegHeld,
    RecordingStarted,
    WrapUpStarted,
)
from cordboard.core.errors import UnavailableError
from cordboard.gateway.memory_call_control import CALLER_LEG
from cordboard.media.v1 import leg_pb2


async def call_of(house: House) -> str:
    """The id of the newest call."""
    return (await house.ledger.list_streams("call")).streams[0].stream.id


async def calling(house: PageHouse, page: Page) -> str:
    """Press the button and have the call begin."""
    await page.get_by_role("button", name="Call now").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("On a call")
    call_id = await call_of(house.house)
    await house.story.decide(
        call_id,
        CallOffered(call_id=call_id, tenant="clinic", vertical="healthcare"),
        LegAdded(leg_id=CALLER_LEG, role=leg_pb2.LEG_ROLE_CALLER, transport=leg_pb2.LEG_TRANSPORT_WEBRTC),
        AiEngaged(leg_id="ai", profile="front-desk"),
    )
    return call_id


async def test_a_caller_reads_along_and_is_handed_to_a_person(house: PageHouse) -> None:
    page = await house.caller(width=900, height=760)
    call_id = await calling(house, page)
    captions = page.get_by_role("log", name="Captions")
    await house.story.say(call_id, "ai", "May we record this call?")
    await house.story.say(call_id, "caller", "Yes, that is fine.")
    await expect(captions).to_contain_text("May we record this call?")
    await expect(captions).to_contain_text("Yes, that is fine.")
    await expect(page.get_by_text("Not recorded")).to_be_visible()
    await house.story.decide(call_id, ConsentRecorded(given=True), RecordingStarted())
    await expect(page.get_by_text("Recording, you agreed")).to_be_visible()
    await house.story.decide(call_id, CallQueued(queue="front-desk"))
    await expect(page.get_by_text("Finding a person for you")).to_be_visible()
    await house.story.ring(call_id)
    await house.story.decide(call_id, AgentConnected(agent_id="maria", leg_id="leg-2"))
    await expect(page.get_by_text("A person at the front desk")).to_be_visible()
    await house.story.decide(call_id, LegHeld(leg_id=CALLER_LEG))
    await expect(page.get_by_text("put you on hold; nobody hears you")).to_be_visible()
    await house.story.decide(call_id, WrapUpStarted(reason="AGENT_HUNG_UP"), CallCompleted())
    await expect(page.get_by_role("heading", level=1)).to_have_text("Call ended")
    await expect(page.get_by_role("button", name="Call again")).to_be_focused()


async def test_end_ends_the_callers_leg_and_the_page_can_call_again(house: PageHouse) -> None:
    page = await house.caller()
    first = await calling(house, page)
    await page.get_by_role("button", name="Mute").click()
    await expect(page.get_by_role("button", name="Muted")).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("button", name="End").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Call ended")
    async with page.expect_request("**/v1/legs"):
        await page.get_by_role("button", name="Call again").click()
        await page.get_by_role("button", name="Call now").click()
    [ended] = [one for one in house.calls.steered if isinstance(one, RemoveLegRequest)]
    assert (ended.call_id, ended.leg_id) == (first, CALLER_LEG)


async def test_captions_come_back_after_the_gateway_with_nothing_lost_or_twice(house: PageHouse) -> None:
    page = await house.caller()
    call_id = await calling(house, page)
    await house.story.say(call_id, "ai", "May we record this call?")
    lines = page.get_by_role("log", name="Captions").locator("p")
    await expect(lines).to_have_count(1)
    await house.house.gateway.stop()
    await expect(page.get_by_text("Captions are late.")).to_be_visible()
    for text in ("Yes.", "I need an appointment."):
        await house.story.say(call_id, "caller", text)
    await house.house.reopen()
    await expect(lines).to_have_text(["AI agentMay we record this call?", "YouYes.", "YouI need an appointment."])
    await expect(page.get_by_text("Captions are late.")).to_have_count(0)


async def test_a_refusal_says_what_to_do(house: PageHouse) -> None:
    page = await house.caller()
    house.calls.refusal = UnavailableError("NO_NODE", "no node")
    await page.get_by_role("button", name="Call now").click()
    await expect(page.get_by_role("alert")).to_contain_text("All our lines are busy")
    await expect(page.get_by_role("button", name="Call now")).to_be_enabled()
    house.errors.clear()


async def test_a_page_without_a_token_says_so(house: PageHouse) -> None:
    page = await house.open("/call.html", "")
    await page.get_by_role("button", name="Call now").click()
    await expect(page.get_by_role("alert")).to_contain_text("This page has no key")
    house.errors.clear()
