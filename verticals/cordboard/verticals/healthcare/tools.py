"""The clinic's tools: each effect happens once per tool_call_id."""

import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from temporalio import activity

from cordboard.activity.v1.call_activities_pb2 import ToolCallInput, ToolCallResult
from cordboard.core.errors import ConflictError
from cordboard.verticals.healthcare.calendar import Request, Wish, book, fill, find, invalid_argument
from cordboard.verticals.healthcare.database import Connection, Database

FIND_SLOT = "healthcare.find_slot"
BOOK_APPOINTMENT = "healthcare.book_appointment"

# As find_slot gives them: what fits PostgreSQL's bigint.
_SLOT_ID = re.compile(r"[0-9]{1,18}")

_CLAIM = """
insert into tool_call (tool_call_id, tool, arguments) values ($1, $2, $3) on conflict do nothing returning tool_call_id
"""


def _now() -> datetime:
    return datetime.now(UTC)


class ClinicTools:
    """The tools of the clinic's voice agent, over its own tables."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = _now) -> None:
        self._database = database
        self._clock = clock

    @activity.defn(name=FIND_SLOT)
    async def find_slot(self, call: ToolCallInput) -> ToolCallResult:
        """Look for free openings, the earliest first; none found is a result without slots.

        Raises InvalidError(ARGUMENT_INVALID), UnavailableError(SYSTEM_OF_RECORD_AWAY).
        """

        async def look(connection: Connection) -> dict[str, str]:
            now = self._clock()
            await fill(connection, call.tenant, now)
            result: dict[str, str] = {}
            openings = await find(connection, call.tenant, Wish.from_arguments(call.arguments, now))
            for ordinal, opening in enumerate(openings, start=1):
                result[f"slot_{ordinal}_id"] = str(opening.opening_id)
                result[f"slot_{ordinal}_starts_at"] = opening.starts_at.isoformat()
            return result

        return await self._once(call, look)

    @activity.defn(name=BOOK_APPOINTMENT)
    async def book_appointment(self, call: ToolCallInput) -> ToolCallResult:
        """Book one opening for the caller.

        Raises ConflictError(SLOT_TAKEN), NotFoundError(SLOT_UNKNOWN), InvalidError(ARGUMENT_INVALID),
        UnavailableError(SYSTEM_OF_RECORD_AWAY).
        """

        async def take(connection: Connection) -> dict[str, str]:
            for needed in ("slot_id", "name", "callback_number"):
                if not call.arguments.get(needed):
                    raise invalid_argument(needed)
            if not _SLOT_ID.fullmatch(call.arguments["slot_id"]):
                raise invalid_argument("slot_id")
            request = Request(call.tenant, call.call_id, int(call.arguments["slot_id"]), self._clock())
            appointment_id, opening = await book(connection, request, call.arguments)
            return {"appointment_id": str(appointment_id), "starts_at": opening.starts_at.isoformat()}

        return await self._once(call, take)

    async def _once(
        self, call: ToolCallInput, effect: Callable[[Connection], Awaitable[dict[str, str]]]
    ) -> ToolCallResult:
        """Cause the effect unless this tool call has caused it before; effect and result are one transaction.

        A failure leaves no trace, so that a repeat tries again. A repeat under way at the same moment waits here for
        the first one's end. Raises ConflictError(TOOL_CALL_ID_REUSED) for other arguments under the same id.
        """
        attempts = activity.info().attempt if activity.in_activity() else 1
        arguments = json.dumps(dict(call.arguments), sort_keys=True)
        async with self._database.transaction() as connection:
            if await connection.fetchval(_CLAIM, call.tool_call_id, call.name, arguments):
                result = await effect(connection)
                await connection.execute(
                    "update tool_call set result = $2 where tool_call_id = $1", call.tool_call_id, json.dumps(result)
                )
                return ToolCallResult(result=result, attempts=attempts)
            row = await connection.fetchrow(
                "select tool, arguments, result from tool_call where tool_call_id = $1", call.tool_call_id
            )
        assert row is not None
        if row["tool"] != call.name or json.loads(row["arguments"]) != json.loads(arguments):
            raise ConflictError("TOOL_CALL_ID_REUSED", "the id was used for another tool call")
        return ToolCallResult(result=json.loads(row["result"]), attempts=attempts, repeated=True)
