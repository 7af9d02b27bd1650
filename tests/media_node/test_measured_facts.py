"""What the node measures of calls by the facts that it tells."""

import pytest

from cordboard.call.v1.facts_pb2 import MediaCommandApplied, PlayoutStarted, VoicePortChanged
from cordboard.media_node.facts import CallFact, ListedFacts
from cordboard.media_node.measured_facts import MeasuredFacts, SpeedMeter, opened_at

CALL = "01890a5d-ac96-774b-bcce-b302099a8057"
OPENED = 1688096058.518


class ListedSpeeds(SpeedMeter):
    def __init__(self) -> None:
        self.first: list[float] = []
        self.gaps: list[float] = []

    def first_audio(self, seconds: float) -> None:
        self.first.append(round(seconds, 3))

    def rejoined(self, seconds: float) -> None:
        self.gaps.append(seconds)


class House:
    def __init__(self, call_id: str = CALL) -> None:
        self.meter = ListedSpeeds()
        self.now = OPENED
        self.listed = ListedFacts()
        self.facts = MeasuredFacts(self.listed, self.meter, lambda: self.now)
        self.call_id = call_id

    def tell(self, event: object, media_us: int, leg_id: str = "ai") -> None:
        self.facts.record(CallFact(self.call_id, event, media_us, leg_id))  # type: ignore[arg-type]

    def admitted(self, media_us: int = 20_000) -> None:
        self.tell(MediaCommandApplied(kind="create_room"), 0, "")
        self.tell(MediaCommandApplied(kind="add_leg"), media_us, "")
        self.tell(VoicePortChanged(leg_id="ai", attached=True), media_us)

    def speaks(self, leg_id: str = "ai") -> None:
        self.tell(PlayoutStarted(play_id="p", leg_id=leg_id), 0, leg_id)


def test_the_first_word_counts_from_the_opening_of_the_call_and_once() -> None:
    house = House()
    house.admitted()
    house.now = OPENED + 0.12
    house.speaks()
    house.speaks()
    assert house.meter.first == [0.12]
    assert len(house.listed.facts) == 5


def test_music_is_no_greeting() -> None:
    house = House()
    house.admitted()
    house.speaks("caller")
    assert house.meter.first == []


def test_who_is_called_waits_for_no_greeting() -> None:
    house = House()
    house.admitted(media_us=4_000_000)
    house.speaks()
    assert house.meter.first == []


def test_a_lost_agent_is_missed_until_another_attaches() -> None:
    house = House()
    house.admitted()
    house.tell(VoicePortChanged(leg_id="ai", reason="LOST"), 10_000_000)
    house.tell(VoicePortChanged(leg_id="ai-2", attached=True), 12_500_000)
    assert house.meter.gaps == [2.5]


@pytest.mark.parametrize("reason", ["RELEASED", "REMOVED"])
def test_an_agent_who_was_let_go_is_not_missed(reason: str) -> None:
    house = House()
    house.admitted()
    house.tell(VoicePortChanged(leg_id="ai", reason=reason), 10_000_000)
    house.tell(VoicePortChanged(leg_id="ai-2", attached=True), 12_500_000)
    assert house.meter.gaps == []


def test_a_closed_room_is_forgotten() -> None:
    house = House()
    house.admitted()
    house.tell(MediaCommandApplied(kind="close_room"), 20_000_000)
    house.speaks()
    assert house.meter.first == []


def test_an_id_that_tells_no_time_measures_nothing() -> None:
    assert opened_at("call-1") is None
    house = House("call-1")
    house.admitted()
    house.speaks()
    assert house.meter.first == []
    assert opened_at(CALL) == OPENED
