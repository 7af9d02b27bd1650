"""Both pages in Chromium on the whole of it: a caller asks for a person, the desk takes the call."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from page_house import ARGUMENTS, CHROMIUM
from page_microphone import PageMicrophone
from playwright.async_api import Locator, Page, async_playwright, expect

from cordboard.cli.page_addresses import page_addresses
from cordboard.cli.supervision.stack import Stack, destroy

pytestmark = pytest.mark.timeout(420)

# The machine may have other things to do.
expect.set_options(timeout=60_000)

YES = "Yes, that is fine."
PERSON = "I want to speak with a real person please."


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("pages") / "home"
    yield folder
    destroy(folder)


@dataclass(slots=True)
class Pages:
    """A caller's page and an agent's desk."""

    stack: Stack
    call: Page
    desk: Page
    microphone: PageMicrophone

    @property
    def captions(self) -> Locator:
        """What the caller reads."""
        return self.call.get_by_role("log").locator("p")

    async def said(self, text: str) -> None:
        """Wait until the AI agent has said something to its end."""
        await expect(self.captions.filter(has_text=text)).to_have_count(1)
        await expect(self.call.locator(".live-caret")).to_have_count(0)

    async def connected(self) -> None:
        """Have the caller ask for a person, and the agent answer."""
        await self.desk.get_by_role("radio", name="Ready", exact=True).click()
        await expect(self.desk.get_by_test_id("agent-state")).to_have_text("Ready")
        await self.call.get_by_role("button", name="Call now").click()
        await self.said("May we record this call?")
        await self.microphone.say(self.call, YES)
        await self.said("your name")
        await self.microphone.say(self.call, PERSON)
        await expect(self.desk.get_by_role("alertdialog")).to_be_visible()
        await self.desk.keyboard.press("Enter")
        await expect(self.desk.get_by_text("The caller hears you.")).to_be_visible()
        await expect(self.call.get_by_text("A person at the front desk")).to_be_visible()


@asynccontextmanager
async def opened(home: Path) -> AsyncIterator[Pages]:
    """Start everything and open both pages."""
    microphone = await PageMicrophone.rendered(YES, PERSON)
    async with Stack(home) as stack, async_playwright() as playwright:
        addresses = page_addresses(stack.directory.keys, stack.gateway_http)
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, headless=False, args=ARGUMENTS)
        call, desk = await browser.new_page(), await browser.new_page()
        await microphone.install(call)
        await desk.goto(addresses["Agent desk"])
        await call.goto(addresses["Click to call"])
        try:
            yield Pages(stack, call, desk, microphone)
        finally:
            await browser.close()


async def test_a_caller_is_handed_to_the_desk_held_taken_back_and_served(home: Path) -> None:
    async with opened(home) as pages:
        await pages.connected()
        await expect(pages.desk.get_by_role("log").locator(".w").filter(has_text="real person")).to_have_count(1)
        await pages.desk.keyboard.press("h")
        await expect(pages.desk.get_by_text("The caller is on hold.")).to_be_visible()
        await expect(pages.call.get_by_text("put you on hold")).to_be_visible()
        await pages.desk.keyboard.press("h")
        await expect(pages.desk.get_by_text("The caller hears you.")).to_be_visible()
        await pages.desk.keyboard.press("Shift+E")
        await expect(pages.call.get_by_role("heading", level=1)).to_have_text("Call ended")
        await expect(pages.desk.get_by_text("You ended the call.")).to_be_visible()
        await expect(pages.desk.get_by_test_id("agent-state")).to_have_text("Wrap-up")


async def test_a_killed_gateway_is_not_heard_and_the_desk_goes_on(home: Path) -> None:
    async with opened(home) as pages:
        await pages.connected()
        await pages.stack.kill("gateway")
        await expect(pages.desk.get_by_text("The call goes on: you and the caller hear each other.")).to_be_visible()
        await expect(pages.desk.get_by_text("Connected", exact=True)).to_be_visible()
        await expect(pages.desk.get_by_text("The caller hears you.")).to_be_visible()
        await pages.desk.get_by_role("button", name="Hold H").click()
        await expect(pages.call.get_by_text("put you on hold")).to_be_visible()
        await pages.call.get_by_role("button", name="End").click()
        await expect(pages.desk.get_by_text("The caller hung up.")).to_be_visible()
