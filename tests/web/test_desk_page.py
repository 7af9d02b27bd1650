"""The agent desk in Chromium: an offer, an answer, hold as the engine says, refusals, and coming back."""

from datetime import timedelta
from typing import Any

from desk_steps import READY_WORD, offered, on_a_call, until
from desk_story import MARIA, TALK
from gateway_house import TENANT
from page_house import PageHouse
from playwright.async_api import Locator, Page, expect

from cordboard.call.v1.agent_facts_pb2 import (
    AGENT_STATE_NOT_READY,
    AGENT_STATE_WRAP_UP,
)
from cordboard.call.v1.call_service_pb2 import HoldLegRequest, RemoveLegRequest, RetrieveLegRequest
from cordboard.call.v1.decisions_pb2 import AgentMissed, LegHeld, LegRetrieved, WrapUpStarted
from cordboard.call.v1.facts_pb2 import AgentAnsweredOffer, ReplyHeard, ReplyPlanned
from cordboard.core.errors import WrongStateError
from cordboard.core.event_message import unpack
from cordboard.gateway.memory_call_control import CALLER_LEG
from cordboard.runtime.ledger_client import call_stream

LATE_PAINTING = """() => {
const after = window.setTimeout;
window.requestAnimationFrame = () => 0;
// What is to follow a painting follows it at the latest after 100 ms; no other timer of the page is as short.
window.setTimeout = (doing, ms, ...more) => after(doing, ms === 100 ? 3_600_000 : ms, ...more);
}"""


def lines(page: Page) -> Locator:
    """The words of the transcript."""
    return page.get_by_role("log").locator(".w")


async def test_a_new_address_in_the_same_window_signs_in_again(house: PageHouse) -> None:
    def token(**changes: Any) -> str:
        return house.house.issuer.mint(role="agent", tenant=TENANT, subject=MARIA, **changes)

    page = await house.open("/desk.html", token(ttl=timedelta(seconds=2)))
    await expect(page.get_by_role("alert")).to_contain_text("Your sign-in has run out.")
    await page.evaluate("token => { location.hash = `token=${token}`; }", token(ttl=timedelta(minutes=5)))
    await expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_an_offer_rings_with_all_that_is_known_and_enter_answers_it(house: PageHouse) -> None:
    page = await house.desk()
    call_id = await offered(house, page)
    dialog = page.get_by_role("alertdialog", name="Incoming call, front desk")
    await expect(dialog).to_contain_text("Elena Marsh")
    await expect(dialog).to_contain_text("+1 503 555 0142")
    await expect(dialog).to_contain_text("Dizzy since the lisinopril dose was raised")
    await expect(lines(page)).to_have_text([text for _, text in TALK])
    await expect(page.get_by_role("button", name="Answer Enter")).to_be_focused()
    assert await page.title() == "Incoming call · Cordboard"
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Headset", exact=True)).to_be_visible()
    facts = [unpack(event) async for event in house.house.ledger.read(call_stream(call_id))]
    assert [fact for fact in facts if isinstance(fact, AgentAnsweredOffer)] == [
        AgentAnsweredOffer(agent_id=MARIA, reservation_epoch=1, accepted=True)
    ]
    await house.story.connect(call_id)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Elena Marsh")
    await expect(page.get_by_text("Why you: red line.")).to_be_visible()
    await house.story.say(call_id, "caller", "Is that you, Maria?")
    await expect(lines(page).last).to_have_text("Is that you, Maria?")


async def test_an_answer_before_the_browser_has_painted_the_offer_keeps_its_leg(house: PageHouse) -> None:
    page = await house.desk()
    await expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    await page.evaluate(LATE_PAINTING)
    await on_a_call(house, page)
    assert not [one for one in house.calls.steered if isinstance(one, RemoveLegRequest)]


async def test_escape_declines_and_the_call_goes_away(house: PageHouse) -> None:
    page = await house.desk()
    call_id = await offered(house, page)
    await page.keyboard.press("Escape")

    async def declined() -> bool:
        facts = [unpack(event) async for event in house.house.ledger.read(call_stream(call_id))]
        return any(isinstance(fact, AgentAnsweredOffer) and not fact.accepted for fact in facts)

    await until(page, declined)
    await house.story.decide(call_id, AgentMissed(agent_id=MARIA, reason="DECLINED"))
    await house.story.state(AGENT_STATE_NOT_READY, reason="DECLINED")
    await expect(page.get_by_role("heading", level=1)).to_have_text("No call")
    await expect(page.get_by_text("You declined the last call.")).to_be_visible()


async def test_hold_shows_the_engines_word_and_not_the_press(house: PageHouse) -> None:
    page = await house.desk()
    call_id = await on_a_call(house, page)
    hold = page.get_by_role("button", name="Hold H")
    await page.keyboard.press("h")

    async def asked() -> bool:
        return house.calls.steered == [
            HoldLegRequest(
                request_id=house.calls.steered[0].request_id if house.calls.steered else "",
                call_id=call_id,
                leg_id=CALLER_LEG,
            )
        ]

    await until(page, asked)
    await expect(hold).to_have_attribute("aria-pressed", "false")
    await house.story.decide(call_id, LegHeld(leg_id=CALLER_LEG))
    retrieve = page.get_by_role("button", name="Retrieve H")
    await expect(retrieve).to_have_attribute("aria-pressed", "true")
    await expect(page.get_by_text("Elena is on hold. You do not hear each other.")).to_be_visible()
    await retrieve.click()
    await house.story.decide(call_id, LegRetrieved(leg_id=CALLER_LEG))
    await expect(hold).to_have_attribute("aria-pressed", "false")
    assert isinstance(house.calls.steered[-1], RetrieveLegRequest)


async def test_a_refusal_is_shown_with_its_reason_where_it_happened(house: PageHouse) -> None:
    page = await house.desk()
    await on_a_call(house, page)
    house.calls.refusal = WrongStateError("WRONG_PHASE", "the call is being transferred")
    await page.get_by_role("button", name="Hold H").click()
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("Hold did not work. the call is being transferred (WRONG_PHASE)")
    house.calls.refusal = None
    await page.get_by_role("button", name="Hold H").click()
    await expect(alert).to_have_count(0)


async def test_mute_stops_the_microphone_and_says_who_hears_whom(house: PageHouse) -> None:
    page = await house.desk()
    await on_a_call(house, page)
    await page.keyboard.press("m")
    await expect(page.get_by_text("Elena does not hear you. You hear Elena.")).to_be_visible()
    await page.get_by_role("button", name="Muted M").click()
    await expect(page.get_by_text("Elena hears you.")).to_be_visible()


async def test_end_asks_the_engine_and_the_wrap_up_leads_to_the_next_call(house: PageHouse) -> None:
    page = await house.desk()
    call_id = await on_a_call(house, page)
    await page.keyboard.press("Shift+E")

    async def ended() -> bool:
        return any(isinstance(one, RemoveLegRequest) and one.leg_id == "leg-2" for one in house.calls.steered)

    await until(page, ended)
    await house.story.decide(call_id, WrapUpStarted(reason="AGENT_HUNG_UP"))
    await house.story.state(AGENT_STATE_WRAP_UP, call_id=call_id)
    await expect(page.get_by_text("You ended the call.")).to_be_visible()
    await expect(page.get_by_text("Headset", exact=True)).to_have_count(0)
    await page.get_by_role("button", name="Ready for the next call").click()
    await expect(page.get_by_test_id(READY_WORD)).to_have_text("Ready")


async def test_a_desk_comes_back_after_the_gateway_with_nothing_lost_or_twice(house: PageHouse) -> None:
    page = await house.desk()
    call_id = await on_a_call(house, page)
    await house.house.gateway.stop()
    await expect(page.get_by_text("Reconnecting.", exact=True)).to_be_visible()
    await expect(page.get_by_text("The call goes on: you and the caller hear each other.")).to_be_visible()
    said = [f"Line {number}" for number in range(5)]
    for text in said:
        await house.story.say(call_id, "caller", text)
    await house.house.reopen()
    await expect(lines(page)).to_have_text([*[text for _, text in TALK], *said])
    await expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    await expect(page.get_by_role("status").filter(has_text="Elena hears you.")).to_be_visible()
    await house.story.say(call_id, "caller", "And one more")
    await expect(lines(page).last).to_have_text("And one more")
    await page.get_by_role("button", name="Hold H").click()
    await until(page, lambda: _is(bool(house.calls.steered)))


async def _is(value: bool) -> bool:
    return value


async def test_a_reloaded_desk_has_its_call_and_joins_again_in_place_of_its_leg(house: PageHouse) -> None:
    page = await house.desk()
    call_id = await on_a_call(house, page)
    async with page.expect_request("**/legs?replaces=leg-2") as joining:
        await page.reload()
    assert (await joining.value).url.endswith(f"/v1/calls/{call_id}/legs?replaces=leg-2")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Elena Marsh")
    await expect(lines(page)).to_have_text([text for _, text in TALK])
    await expect(page.get_by_role("status").filter(has_text="Elena hears you.")).to_be_visible()


async def test_a_line_that_cannot_be_had_is_offered_again(house: PageHouse) -> None:
    page = await house.desk()
    await on_a_call(house, page)
    house.calls.refusal = WrongStateError("WRONG_PHASE", "not now")
    await page.reload()
    await expect(page.get_by_text("The caller does not hear you.")).to_be_visible()
    house.calls.refusal = None
    await page.get_by_role("button", name="Join again").click()
    await expect(page.get_by_role("status").filter(has_text="Elena hears you.")).to_be_visible()
    house.errors.clear()


async def test_what_the_caller_did_not_hear_is_struck(house: PageHouse) -> None:
    page = await house.desk()
    call_id = await on_a_call(house, page)
    stream, voice = call_stream(call_id), "voice-agent/voice-agent-1/b0"
    await house.story.log(stream, voice, ReplyPlanned(turn_id="t", play_id="p", clauses=["One moment.", "I look."]))
    await expect(page.locator(".live-caret")).to_be_visible()
    await house.story.log(stream, voice, ReplyHeard(turn_id="t", play_id="p", text="One moment.", interrupted=True))
    await expect(page.locator("s.unheard")).to_have_text("I look.")
    await expect(page.locator(".live-caret")).to_have_count(0)


async def test_not_ready_takes_a_reason_and_alt_s_takes_it_back(house: PageHouse) -> None:
    page = await house.desk()
    await page.get_by_role("button", name="Lunch").click()
    await expect(page.get_by_role("button", name="Lunch")).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("Alt+s")
    await expect(page.get_by_test_id(READY_WORD)).to_have_text("Ready")


async def test_a_page_without_a_good_token_says_so(house: PageHouse) -> None:
    page = await house.open("/desk.html", "nonsense")
    await expect(page.get_by_role("alert")).to_contain_text("This desk may not sign in.")
    await expect(page.get_by_role("alert")).to_contain_text("TOKEN_INVALID")
