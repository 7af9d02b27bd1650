import pytest

from cordboard.activity.v1.call_activities_pb2 import ToolCallInput
from cordboard.core.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from cordboard.voice_agent.profile import Profile
from cordboard.workflows.vertical_pack import installed_packs
from lakeside_homes.listings import open_listings
from lakeside_homes.pack import BOOK_VIEWING, FIND_VIEWING, PACK, ViewingTools


def finding(**wish: str) -> ToolCallInput:
    return ToolCallInput(tool_call_id="f", call_id="c", tenant="lakeside", name=FIND_VIEWING, arguments=wish)


def booking(tool_call_id: str, slot_id: str, **changes: str) -> ToolCallInput:
    arguments = {"slot_id": slot_id, "name": "Ann Poe", "callback_number": "5550100", **changes}
    return ToolCallInput(
        tool_call_id=tool_call_id, call_id="c", tenant="lakeside", name=BOOK_VIEWING, arguments=arguments
    )


def test_the_pack_is_found_where_it_is_installed_and_its_profile_is_sound() -> None:
    assert installed_packs()["real_estate"] is PACK
    profile = Profile.parse(PACK.profile("viewings").decode())
    assert [slot.name for slot in profile.slots] == ["name", "area", "reason", "callback_number"]
    with pytest.raises(NotFoundError):
        PACK.profile("nobody")


async def test_the_earliest_showings_that_fit_are_offered(tools: ViewingTools) -> None:
    found = (await tools.find_viewing(finding(area="hill", weekday="wednesday", part_of_day="afternoon"))).result
    assert found["slot_1_starts_at"] == "2026-03-04T14:00:00+00:00"
    assert found["slot_2_starts_at"] == "2026-03-04T17:00:00+00:00"


async def test_a_viewing_is_booked_once_however_often_it_is_asked_for(tools: ViewingTools) -> None:
    slot = (await tools.find_viewing(finding(area="lake"))).result["slot_1_id"]
    first = await tools.book_viewing(booking("t1", slot))
    assert await tools.book_viewing(booking("t1", slot)) == first
    with pytest.raises(ConflictError, match="SLOT_TAKEN"):
        await tools.book_viewing(booking("t2", slot))
    later = (await tools.find_viewing(finding(area="lake"))).result
    assert later["slot_1_id"] != slot


@pytest.mark.parametrize("wrong", [{"slot_id": "x"}, {"name": ""}, {"slot_id": "9" * 30}])
async def test_a_wrong_argument_is_named_and_not_repeated(tools: ViewingTools, wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidError, match="ARGUMENT_INVALID"):
        await tools.book_viewing(booking("t1", **{"slot_id": "1", **wrong}))


async def test_an_agency_that_is_away_says_so() -> None:
    async with open_listings("postgresql://nobody@127.0.0.1:1/none") as listings:
        with pytest.raises(UnavailableError, match="SYSTEM_OF_RECORD_AWAY"):
            await ViewingTools(listings).find_viewing(finding())
