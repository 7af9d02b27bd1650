from cordboard.cli.demo.turn_detector import Heard, TurnDetector, TurnEvent


def _run(detector: TurnDetector, levels: list[tuple[float, int]], start: float = 0.0) -> tuple[list[TurnEvent], float]:
    events: list[TurnEvent] = []
    now = start
    for level, frames in levels:
        for _ in range(frames):
            events += detector.push(now, now + 0.02, level)
            now += 0.02
    return events, now


def test_a_turn_starts_at_its_first_loud_frame_and_ends_at_its_last() -> None:
    events, _ = _run(TurnDetector(), [(-80, 10), (-25, 50), (-80, 40)])
    assert [event.what for event in events] == [Heard.STARTED, Heard.PAUSED, Heard.FINISHED]
    assert abs(events[0].at - 0.2) < 1e-6
    assert abs(events[-1].at - 1.2) < 1e-6


def test_a_short_pause_does_not_end_a_turn() -> None:
    events, _ = _run(TurnDetector(), [(-25, 50), (-80, 20), (-25, 50)])
    assert [event.what for event in events] == [Heard.STARTED, Heard.PAUSED, Heard.RESUMED]


def test_a_click_is_no_turn() -> None:
    events, _ = _run(TurnDetector(), [(-25, 2), (-80, 60), (-25, 2), (-80, 60)])
    assert events == []


def test_a_turn_ends_when_no_frames_come_any_more() -> None:
    detector = TurnDetector()
    _, now = _run(detector, [(-25, 20)])
    assert [event.what for event in detector.idle(now + 0.3)] == [Heard.PAUSED]
    assert [event.what for event in detector.idle(now + 0.7)] == [Heard.FINISHED]
    assert not detector.speaking


def _heard(detector: TurnDetector, pieces: list[tuple[bool, int]], start: float = 0.0) -> list[Heard]:
    events: list[TurnEvent] = []
    now = start
    for tonal, frames in pieces:
        for _ in range(frames):
            events += detector.push(now, now + 0.02, -25, tonal=tonal)
            now += 0.02
    return [event.what for event in [*events, *detector.idle(now + 1)]]


def test_music_is_no_turn() -> None:
    detector = TurnDetector()
    # A note lasts half a second, and its change is a frame that is no tone.
    assert _heard(detector, [(True, 24), (False, 1)] * 8)[-1] is Heard.MUSIC
    assert detector.music_s > 3.5


def test_vowels_are_no_music() -> None:
    detector = TurnDetector()
    assert _heard(detector, [(True, 9), (False, 4)] * 10)[-1] is Heard.FINISHED
    assert detector.music_s == 0


def test_speech_after_music_is_a_turn() -> None:
    detector = TurnDetector()
    _heard(detector, [(True, 100)])
    assert _heard(detector, [(False, 30)], start=10)[-1] is Heard.FINISHED


def test_a_turn_ends_where_music_begins() -> None:
    detector = TurnDetector()
    events = []
    for frame in range(200):
        events += detector.push(frame * 0.02, frame * 0.02 + 0.02, -25, tonal=frame >= 50)
    assert events[-1] == TurnEvent(Heard.FINISHED, 1.0)
