"""Media time against local time."""

from cordboard.voice_agent.media_clock import MediaClock


def test_the_quickest_message_sets_the_clock() -> None:
    clock = MediaClock()
    clock.observe(1_000, 51_000)
    clock.observe(21_000, 31_000)
    clock.observe(41_000, 91_000)

    assert clock.to_local(41_000) in range(51_000, 51_010)


def test_a_slow_drift_is_followed() -> None:
    clock = MediaClock()
    thousand_seconds_us = 1_000_000_000
    for media_us in range(0, thousand_seconds_us + 1, 1_000_000):
        clock.observe(media_us, media_us + media_us // 50_000)

    assert abs(clock.to_local(thousand_seconds_us) - (thousand_seconds_us + 20_000)) < 1_500


def test_before_anything_was_received_media_time_stands_for_itself() -> None:
    assert MediaClock().to_local(7) == 7
