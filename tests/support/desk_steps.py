"""What an agent does at the desk's page, step by step."""

from collections.abc import Awaitable, Callable

from page_house import PageHouse
from playwright.async_api import Page, expect

from cordboard.call.v1.agent_facts_pb2 import AGENT_STATE_BUSY, AGENT_STATE_RESERVED

READY_WORD = "agent-state"


async def offered(house: PageHouse, page: Page) -> str:
    """Have the agent ready, and rung for a call."""
    await page.get_by_role("radio", name="Ready", exact=True).click()
    await expect(page.get_by_test_id(READY_WORD)).to_have_text("Ready")
    call_id = await house.story.waiting_call()
    await house.story.state(AGENT_STATE_RESERVED, call_id=call_id)
    await house.story.ring(call_id)
    await expect(page.get_by_role("alertdialog")).to_be_visible()
    return call_id


async def on_a_call(house: PageHouse, page: Page) -> str:
    """Have the agent in a call, with media."""
    call_id = await offered(house, page)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Headset", exact=True)).to_be_visible()
    await house.story.connect(call_id)
    await house.story.state(AGENT_STATE_BUSY, call_id=call_id)
    await expect(page.get_by_role("status").filter(has_text="Elena hears you.")).to_be_visible()
    return call_id


async def until(page: Page, condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so on our side."""
    for _ in range(200):
        if await condition():
            return
        await page.wait_for_timeout(50)
    raise AssertionError
