"""Handing the caller on at the desk, in Chromium."""

from desk_steps import on_a_call, until
from desk_story import MARIA
from page_house import PageHouse
from playwright.async_api import Page, expect

from cordboard.call.v1.call_service_pb2 import StepTransferRequest, TransferCallRequest
from cordboard.call.v1.decisions_pb2 import AgentAlerted, AgentConnected, CallQueued
from cordboard.call.v1.transfer_pb2 import (
    TRANSFER_STEP_COMPLETE,
    TRANSFER_STEP_CONFERENCE,
    ConsultBegun,
    TransferCompleted,
    TransferReturned,
    TransferStarted,
)

LEG = "leg-2"


async def ringing(house: PageHouse, page: Page) -> str:
    call_id = await on_a_call(house, page)
    await page.get_by_placeholder("queue or @agent").fill("@bob")
    await page.get_by_role("button", name="Consult first").click()

    async def asked() -> bool:
        return any(
            isinstance(one, TransferCallRequest) and (one.agent_id, one.consult) == ("bob", True)
            for one in house.calls.steered
        )

    await until(page, asked)
    started = TransferStarted(agent_id=MARIA, leg_id=LEG, target_agent_id="bob", consult=True)
    await house.story.decide(call_id, started, CallQueued(queue="front-desk"))
    await house.story.decide(call_id, AgentAlerted(agent_id="bob", reservation_epoch=1))
    await expect(page.get_by_role("status").filter(has_text="Another agent is being rung")).to_be_visible()
    return call_id


async def test_a_transfer_is_asked_for_and_the_call_stays_until_somebody_has_it(house: PageHouse) -> None:
    page = await house.desk()
    call_id = await ringing(house, page)
    await house.story.decide(call_id, AgentConnected(agent_id="bob", leg_id="leg-3"), ConsultBegun(agent_id="bob"))
    await expect(page.get_by_role("status").filter(has_text="You talk with the other agent")).to_be_visible()
    await page.get_by_role("button", name="Conference").click()
    await page.get_by_role("button", name="Complete").click()

    async def stepped() -> bool:
        steps = [one.step for one in house.calls.steered if isinstance(one, StepTransferRequest)]
        return steps == [TRANSFER_STEP_CONFERENCE, TRANSFER_STEP_COMPLETE]

    await until(page, stepped)
    await house.story.decide(call_id, TransferCompleted(agent_id="bob"))
    await expect(page.get_by_role("group", name="Call controls")).to_be_hidden()


async def test_a_transfer_that_comes_back_leaves_the_agent_with_the_caller(house: PageHouse) -> None:
    page = await house.desk()
    call_id = await ringing(house, page)
    await house.story.decide(call_id, TransferReturned(agent_id=MARIA, leg_id=LEG, reason="DECLINED"))
    await expect(page.get_by_placeholder("queue or @agent")).to_be_visible()
    await expect(page.get_by_role("log")).to_contain_text("The transfer came back: declined")
