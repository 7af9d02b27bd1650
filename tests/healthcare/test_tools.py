import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from postgres import PostgresServer

from cordboard.activity.v1.call_activities_pb2 import ToolCallInput, ToolCallResult
from cordboard.core.errors import ConflictError, CordboardError, InvalidError, NotFoundError, UnavailableError
from cordboard.verticals.healthcare.database import open_database
from cordboard.verticals.healthcare.pack import PACK
from cordboard.verticals.healthcare.tools import BOOK_APPOINTMENT, FIND_SLOT, ClinicTools
from cordboard.workflows.vertical_pack import VerticalPack, installed_packs

NOW = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)


def finding(tool_call_id: str, tenant: str = "lakeside", **arguments: str) -> ToolCallInput:
    return ToolCallInput(tool_call_id=tool_call_id, call_id="c1", tenant=tenant, name=FIND_SLOT, arguments=arguments)


def booking(tool_call_id: str, slot_id: str, **changes: str) -> ToolCallInput:
    arguments = {"slot_id": slot_id, "name": "Ann Poe", "callback_number": "5550100", **changes}
    return ToolCallInput(
        tool_call_id=tool_call_id, call_id="c1", tenant="lakeside", name=BOOK_APPOINTMENT, arguments=arguments
    )


def starts(found: ToolCallResult) -> list[datetime]:
    return [
        datetime.fromisoformat(found.result[f"slot_{n}_starts_at"]) for n in (1, 2, 3) if f"slot_{n}_id" in found.result
    ]


async def test_a_fresh_system_offers_the_earliest_openings_in_local_time(tools: ClinicTools) -> None:
    found = await tools.find_slot(finding("f1"))
    assert [moment.isoformat() for moment in starts(found)] == [
        "2026-03-02T10:30:00-05:00",
        "2026-03-02T11:00:00-05:00",
        "2026-03-02T11:30:00-05:00",
    ]


async def test_a_wish_for_a_day_and_a_part_of_it_is_met(tools: ClinicTools) -> None:
    found = await tools.find_slot(finding("f1", weekday="thursday", part_of_day="afternoon"))
    assert starts(found)[0].isoformat() == "2026-03-05T12:00:00-05:00"


async def test_openings_follow_the_change_to_summer_time(tools: ClinicTools) -> None:
    found = await tools.find_slot(finding("f1", after="2026-03-08T12:00:00-04:00"))
    assert starts(found)[0].isoformat() == "2026-03-09T09:00:00-04:00"


async def test_nothing_free_is_a_result_without_slots(tools: ClinicTools) -> None:
    found = await tools.find_slot(finding("f1", weekday="sunday"))
    assert not found.result


@pytest.mark.parametrize("wrong", [{"weekday": "someday"}, {"part_of_day": "dusk"}, {"after": "soon"}])
async def test_a_wrong_wish_is_refused_without_its_value(tools: ClinicTools, wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidError) as raised:
        await tools.find_slot(finding("f1", **wrong))
    assert raised.value.reason == "ARGUMENT_INVALID"
    assert next(iter(wrong.values())) not in str(raised.value)


async def test_a_booked_opening_is_offered_no_more(tools: ClinicTools) -> None:
    found = await tools.find_slot(finding("f1"))
    for doctor in range(2):
        again = await tools.find_slot(finding(f"f{doctor + 2}"))
        assert starts(again)[0] == starts(found)[0]
        await tools.book_appointment(booking(f"b{doctor}", again.result["slot_1_id"]))
    last = await tools.find_slot(finding("f9"))
    assert starts(last)[0] == starts(found)[1]


async def test_the_same_tool_call_books_once_and_gets_the_same_result(tools: ClinicTools) -> None:
    slot_id = (await tools.find_slot(finding("f1"))).result["slot_1_id"]
    results = await asyncio.gather(*(tools.book_appointment(booking("b1", slot_id)) for _ in range(4)))
    assert len({result.result["appointment_id"] for result in results}) == 1
    assert sorted(result.repeated for result in results) == [False, True, True, True]


async def test_of_two_callers_who_want_one_opening_one_is_told_that_it_is_taken(tools: ClinicTools) -> None:
    slot_id = (await tools.find_slot(finding("f1"))).result["slot_1_id"]
    results = await asyncio.gather(
        *(tools.book_appointment(booking(f"b{number}", slot_id)) for number in range(3)), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, ConflictError)]
    assert [error.reason for error in refused] == ["SLOT_TAKEN", "SLOT_TAKEN"]


async def test_a_failure_is_not_remembered(tools: ClinicTools) -> None:
    with pytest.raises(NotFoundError):
        await tools.book_appointment(booking("b1", "999999"))
    slot_id = (await tools.find_slot(finding("f1"))).result["slot_1_id"]
    assert not (await tools.book_appointment(booking("b1", slot_id))).repeated


async def test_other_arguments_under_the_same_id_are_refused(tools: ClinicTools) -> None:
    found = await tools.find_slot(finding("f1"))
    await tools.book_appointment(booking("b1", found.result["slot_1_id"]))
    with pytest.raises(ConflictError) as raised:
        await tools.book_appointment(booking("b1", found.result["slot_2_id"]))
    assert raised.value.reason == "TOOL_CALL_ID_REUSED"


@pytest.mark.parametrize(
    "missing", [{"name": ""}, {"callback_number": ""}, {"slot_id": "x"}, {"slot_id": "9" * 30}, {"slot_id": "\u0661"}]
)
async def test_a_booking_without_its_details_is_refused(tools: ClinicTools, missing: dict[str, str]) -> None:
    with pytest.raises(InvalidError):
        await tools.book_appointment(booking("b1", **{"slot_id": "1", **missing}))


async def test_what_is_over_cannot_be_booked(postgres_url: str, tools: ClinicTools) -> None:
    slot_id = (await tools.find_slot(finding("f1"))).result["slot_1_id"]
    async with open_database(postgres_url) as database:
        later = ClinicTools(database, clock=lambda: NOW + timedelta(days=1))
        with pytest.raises(NotFoundError):
            await later.book_appointment(booking("b1", slot_id))


async def test_each_tenant_has_a_calendar_of_its_own(tools: ClinicTools) -> None:
    mine = await tools.find_slot(finding("f1"))
    theirs = await tools.find_slot(finding("f2", tenant="hillside"))
    assert mine.result["slot_1_id"] != theirs.result["slot_1_id"]
    with pytest.raises(NotFoundError):
        await tools.book_appointment(booking("b1", theirs.result["slot_1_id"]))


async def test_several_workers_may_migrate_at_once(postgres_url: str) -> None:
    async def open_and_close() -> None:
        async with open_database(postgres_url) as database, database.transaction():
            pass

    await asyncio.gather(*(open_and_close() for _ in range(3)))


async def test_a_calendar_that_is_away_is_an_error_that_may_pass() -> None:
    server = PostgresServer()
    try:
        server.kill()
        async with open_database(server.url()) as database:
            tools = ClinicTools(database)
            for _ in range(2):
                with pytest.raises(UnavailableError) as raised:
                    await tools.find_slot(finding("f1"))
                assert raised.value.reason == "SYSTEM_OF_RECORD_AWAY"
                server.start()
                assert (await tools.find_slot(finding("f1"))).result
                # Stopped and not killed: a session that outlives its server for a moment would still answer.
                server.stop()
    finally:
        server.close()


def test_the_pack_is_installed_and_knows_its_agent() -> None:
    pack: VerticalPack = PACK
    assert installed_packs()["healthcare"] is pack
    assert b"find_slot" in pack.profile(pack.default_agent)
    with pytest.raises(CordboardError):
        pack.profile("nobody")
