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
