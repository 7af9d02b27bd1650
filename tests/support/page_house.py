"""The pages in a real Chromium, before a gateway whose legs are those of a real media node."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from desk_story import DeskStory
from gateway_house import QUICK, TENANT, VERTICAL, House, open_house
from media_house import NodeHouse
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from cordboard.call.v1.call_service_pb2 import AddLegRequest, AddLegResponse, StartCallRequest, StartCallResponse
from cordboard.gateway.call_control import Party, Steering
from cordboard.gateway.event_plane.limits import EventLimits
from cordboard.gateway.http_server import HttpLimits
from cordboard.gateway.memory_call_control import MemoryCallControl
from cordboard.gateway.pages_door import pages_directory
from cordboard.gateway.workflow_catalogue import ScriptedStart
from cordboard.media.v1.command_pb2 import AddLeg, Command, WebrtcOffer
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER, LegRole
from cordboard.media_node.webrtc.addresses import host_addresses

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
]
WAIT_MS = 20_000


class NodeCalls(MemoryCallControl):
    """Calls in memory whose legs are answered by a media node."""

    def __init__(self, node: NodeHouse) -> None:
        super().__init__()
        self.node = node
        self.steered: list[Steering] = []

    async def start(
        self, call_id: str, party: Party, request: StartCallRequest, scripted: ScriptedStart | None = None
    ) -> StartCallResponse:
        """Start a call; its caller's leg is answered by the node."""
        started = await super().start(call_id, party, request, scripted)
        if request.sdp_offer.count("m=audio") > 1:
            answer = await self._answer(started.leg_id, LEG_ROLE_CALLER, request.sdp_offer)
            return StartCallResponse(call_id=call_id, leg_id=started.leg_id, sdp_answer=answer)
        return started

    async def add_leg(self, party: Party, role: LegRole.ValueType, request: AddLegRequest) -> AddLegResponse:
        """Add a leg that the node answers."""
        added = await super().add_leg(party, role, request)
        answer = await self._answer(added.leg_id, role, request.sdp_offer, request.replaces_leg_id)
        return AddLegResponse(leg_id=added.leg_id, sdp_answer=answer)

    async def steer(self, party: Party, request: Steering) -> None:
        """Change a call, and remember what was asked for."""
        await super().steer(party, request)
        self.steered.append(request)

    async def _answer(self, leg_id: str, role: LegRole.ValueType, offer: str, replaces: str = "") -> str:
        add = AddLeg(leg_id=leg_id, role=role, webrtc_offer=WebrtcOffer(sdp=offer), replaces_leg_id=replaces)
        result = await self.node.apply(Command(add_leg=add))
        assert result.sdp_answer, result
        return result.sdp_answer


@dataclass
class PageHouse:
    """A gateway with pages, a browser, a media node, and the story that the log tells."""

    house: House
    calls: NodeCalls
    node: NodeHouse
    story: DeskStory
    browser: Browser
    errors: list[str] = field(default_factory=list)

    async def open(self, path: str, token: str, *, width: int = 1440, height: int = 900) -> Page:
        """Open a page with a token in its fragment."""
        page = await self.browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._said)
        await page.goto(f"http://{self.house.gateway.http_address}{path}#token={token}")
        return page

    async def desk(self, agent_id: str = "maria", **size: int) -> Page:
        """Open an agent's desk."""
        token = self.house.issuer.mint(
            role="agent",
            tenant=TENANT,
            subject=agent_id,
            scopes=[],
            skills=["clinical"],
        )
        return await self.open("/desk.html", token, **size)

    async def caller(self, **size: int) -> Page:
        """Open the page to call from."""
        return await self.open("/call.html", self.house.token(scopes=("calls:start",), vertical=VERTICAL), **size)

    def _said(self, message: ConsoleMessage) -> None:
        # A browser tells of every failed connection by itself; what matters is what the page makes of it.
        if message.type == "error" and "WebSocket connection" not in message.text:
            self.errors.append(message.text)


@asynccontextmanager
async def open_page_house(directory: Path, *arguments: str) -> AsyncIterator[PageHouse]:
    """Open everything; `arguments` go to Chromium beside the usual ones."""
    events = EventLimits(ping_seconds=1.0, lost_after_seconds=30.0)
    doors = replace(QUICK, pages=pages_directory(), events=events, connection=HttpLimits())
    node = NodeHouse(addresses=host_addresses())
    await node.open_room()
    calls = NodeCalls(node)
    async with open_house(directory / "keys", doors, calls) as house, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, headless=False, args=[*ARGUMENTS, *arguments]
        )
        try:
            yield PageHouse(house, calls, node, DeskStory(house), browser)
        finally:
            await browser.close()
            await node.close()
