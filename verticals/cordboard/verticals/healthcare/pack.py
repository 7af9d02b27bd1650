"""The healthcare pack: a clinic's front desk."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from cordboard.core.errors import NotFoundError, UnavailableError
from cordboard.verticals.healthcare.database import open_database
from cordboard.verticals.healthcare.profile import profile_json
from cordboard.verticals.healthcare.tools import BOOK_APPOINTMENT, FIND_SLOT, ClinicTools
from cordboard.workflows.vertical_pack import Tool


class HealthcarePack:
    """A clinic's front desk: intake by an AI agent, appointments in the clinic's own calendar."""

    name = "healthcare"
    default_agent = "front-desk-intake"

    def profile(self, agent: str) -> bytes:
        """Give an agent profile as JSON. Raises NotFoundError(PROFILE_UNKNOWN)."""
        if agent != self.default_agent:
            raise NotFoundError("PROFILE_UNKNOWN", "the pack has no such agent profile", profile=agent)
        return profile_json().encode()

    @asynccontextmanager
    async def open_tools(self, database_url: str) -> AsyncIterator[Mapping[str, Tool]]:
        """Give the tools on the clinic's calendar; when it is away now, its tables are brought up to date later."""
        async with open_database(database_url) as database:
            with contextlib.suppress(UnavailableError):
                await database.prepare()
            tools = ClinicTools(database)
            yield {FIND_SLOT: tools.find_slot, BOOK_APPOINTMENT: tools.book_appointment}


PACK = HealthcarePack()
