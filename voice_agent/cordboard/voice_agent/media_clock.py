"""Media time of a call against this process's own clock."""

# Two clocks drift apart by no more than this; the smallest offset seen is forgotten at that pace.
DRIFT_PPM = 50


class MediaClock:
    """Maps media time to local time by the quickest message seen: what it took to travel counts as nothing.

    Only messages that carry the media time at which they were sent may be observed. The label of a heard frame is
    none of these: it is its place on the timeline, up to a frame later than the sound.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._offset_us: int | None = None
        self._observed_us = 0

    def observe(self, media_us: int, local_us: int) -> None:
        """Take note that a message sent at media time `media_us` was received at `local_us`."""
        offset_us = local_us - media_us
        if self._offset_us is not None:
            drift_us = max(0, local_us - self._observed_us) * DRIFT_PPM // 1_000_000
            offset_us = min(self._offset_us + drift_us, offset_us)
        self._offset_us, self._observed_us = offset_us, local_us

    def to_local(self, media_us: int) -> int:
        """Give the local time of a media time; the media time itself before anything was received."""
        return media_us + (self._offset_us or 0)
