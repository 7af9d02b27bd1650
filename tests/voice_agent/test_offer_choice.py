"""Which appointment a caller takes, and how appointments are said."""

from datetime import UTC, date, datetime

import pytest

from cordboard.voice_agent.dialogue.offer import Offer, listed, offers_of, spoken_time
from cordboard.voice_agent.dialogue.offer_choice import Choice, Wish, choose, times_in

TUESDAY = Offer("s1", datetime.fromisoformat("2026-03-03T10:00:00-05:00"))
WEDNESDAY = Offer("s2", datetime.fromisoformat("2026-03-04T14:30:00-05:00"))
OFFERS = (TUESDAY, WEDNESDAY)
MONDAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("The first one, please.", TUESDAY),
        ("the second one", WEDNESDAY),
        ("Tuesday.", TUESDAY),
        ("Tuesday at ten.", TUESDAY),
        ("Ten.", TUESDAY),
        ("At 10.", TUESDAY),
        ("2.30", WEDNESDAY),
        ("2.3", WEDNESDAY),
        ("Two thirty.", WEDNESDAY),
        ("half past two", WEDNESDAY),
        ("The earliest.", TUESDAY),
        ("The later one.", WEDNESDAY),
        ("Wednesday afternoon works.", WEDNESDAY),
        ("In the morning.", TUESDAY),
        ("Tomorrow.", TUESDAY),
        ("Either is fine.", TUESDAY),
        ("Tuesday doesn't work, Wednesday is fine.", WEDNESDAY),
        ("Not Tuesday. The other one, Wednesday.", WEDNESDAY),
        ("Yes, the first.", TUESDAY),
        ("I'll take the last one.", WEDNESDAY),
    ],
)
def test_an_offer_is_taken_by_place_day_time_or_part_of_day(text: str, taken: Offer) -> None:
    assert choose(text, OFFERS, MONDAY) == Choice(taken=taken)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("Do you have anything on Thursday afternoon?", Wish("thursday", "afternoon")),
        ("Friday would be better.", Wish("friday")),
        ("Neither works for me.", Wish(later=True)),
        ("No.", Wish(later=True)),
        ("Something later, please.", Wish(later=True)),
        ("Do you have a different time?", Wish(later=True)),
    ],
)
def test_what_would_suit_better_is_a_wish(text: str, wish: Wish) -> None:
    assert choose(text, OFFERS, MONDAY) == Choice(wish=wish)


@pytest.mark.parametrize("text", ["Yes.", "Hmm.", "What was the question?", "My knee hurts."])
def test_what_decides_nothing_is_not_clear(text: str) -> None:
    assert choose(text, OFFERS, MONDAY) is None


def test_yes_takes_the_only_offer() -> None:
    assert choose("Yes, that works.", (WEDNESDAY,), MONDAY) == Choice(taken=WEDNESDAY)
    assert choose("No.", (WEDNESDAY,), MONDAY) == Choice(wish=Wish(later=True))


def test_times_are_said_as_people_say_them() -> None:
    assert spoken_time(10, 0) == "ten"
    assert spoken_time(14, 30) == "two thirty"
    assert spoken_time(12, 0) == "noon"
    assert spoken_time(9, 5) == "nine oh five"
    assert spoken_time(16, 45) == "four forty five"
    assert spoken_time(11, 15) == "eleven fifteen"


def test_a_day_is_said_by_its_distance() -> None:
    assert TUESDAY.spoken(MONDAY) == "tomorrow at ten"
    assert TUESDAY.spoken(date(2026, 3, 3)) == "today at ten"
    assert WEDNESDAY.spoken(MONDAY) == "Wednesday at two thirty"
    assert WEDNESDAY.spoken(date(2026, 2, 1)) == "Wednesday, March fourth at two thirty"
    assert listed(OFFERS) == "Tuesday at ten, or Wednesday at two thirty"


def test_offers_are_read_from_a_tools_result_and_what_cannot_be_read_is_left_out() -> None:
    result = {"slot_1_id": "s1", "slot_1_starts_at": "2026-03-03T10:00:00-05:00", "slot_2_id": "s2"}
    assert offers_of(result) == (TUESDAY,)
    assert offers_of({}) == ()


def test_every_offered_time_is_understood_when_it_is_said_back() -> None:
    for hour in range(8, 19):
        for minute in (0, 15, 30, 45):
            offer = Offer("x", datetime(2026, 3, 5, hour, minute, tzinfo=UTC))
            other = Offer("y", datetime(2026, 3, 6, (hour + 3) % 24, minute, tzinfo=UTC))
            said = f"at {spoken_time(hour, minute)}"
            assert times_in(said), said
            assert choose(f"{said}, please", (offer, other)) == Choice(taken=offer), said
