"""The pack: one agent profile and two tools on the agency's own tables."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib import resources

from temporalio import activity

from cordboard.activity.v1.call_activities_pb2 import ToolCallInput, ToolCallResult
from cordboard.core.errors import NotFoundError
from cordboard.workflows.vertical_pack import Tool
from lakeside_homes.listings import Listings, book, find, open_listings

FIND_VIEWING = "real_estate.find_viewing"
BOOK_VIEWING = "real_estate.book_viewing"


def profile_json() -> str:
    """Give the agent's profile as JSON."""
    return (resources.files("lakeside_homes") / "profile.json").read_text(encoding="utf-8")


class ViewingTools:
    """The tools that the AI agent may ask for; each has its effect once per tool_call_id."""

    def __init__(self, listings: Listings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._listings = listings
        self._clock = clock

    @activity.defn(name=FIND_VIEWING)
    async def find_viewing(self, call: ToolCallInput) -> ToolCallResult:
        """Look for times at which a home in the caller's area is shown, the earliest first."""
        result: dict[str, str] = {}
        async with self._listings.transaction() as connection:
            for number, showing in enumerate(await find(connection, call.tenant, call.arguments, self._clock()), 1):
                result[f"slot_{number}_id"] = str(showing.showing_id)
                result[f"slot_{number}_starts_at"] = showing.starts_at.isoformat()
        return ToolCallResult(result=result, attempts=_attempt())

    @activity.defn(name=BOOK_VIEWING)
    async def book_viewing(self, call: ToolCallInput) -> ToolCallResult:
        """Book one of them for the caller."""
        async with self._listings.transaction() as connection:
            whose = (call.tenant, call.call_id, call.tool_call_id)
            viewing_id, showing = await book(connection, whose, call.arguments)
        result = {"appointment_id": str(viewing_id), "starts_at": showing.starts_at.isoformat()}
        return ToolCallResult(result=result, attempts=_attempt())


def _attempt() -> int:
    return activity.info().attempt if activity.in_activity() else 1


class RealEstatePack:
    """Viewings by telephone."""

    name = "real_estate"
    default_agent = "viewings"

    def profile(self, agent: str) -> bytes:
        """Give an agent profile as JSON. Raises NotFoundError(PROFILE_UNKNOWN)."""
        if agent != self.default_agent:
            raise NotFoundError("PROFILE_UNKNOWN", "the pack has no such agent profile")
        # What is no JSON would be noticed in a call.
        return json.dumps(json.loads(profile_json())).encode()

    @asynccontextmanager
    async def open_tools(self, database_url: str) -> AsyncIterator[Mapping[str, Tool]]:
        """Give the tools on the agency's tables; an agency that is away now is asked again at the first call."""
        async with open_listings(database_url) as listings:
            tools = ViewingTools(listings)
            yield {FIND_VIEWING: tools.find_viewing, BOOK_VIEWING: tools.book_viewing}


PACK = RealEstatePack()
