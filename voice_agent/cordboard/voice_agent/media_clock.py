"""Media time of a call against this process's own clock."""

# Two clocks drift apart; the smallest offset seen is forgotten at this pace per frame of 20 ms (50 ppm).
DRIFT_US = 1


class MediaClock:
    """Maps media time to local time by the quickest message seen: what it took to travel counts as nothing."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._offset_us: int | None = None
        self.media_us = 0

    def observe(self, media_us: int, local_us: int) -> None:
        """Take note that something of media time `media_us` was received at `local_us`."""
        offset_us = local_us - media_us
        if self._offset_us is None:
            self._offset_us = offset_us
        else:
            self._offset_us = min(self._offset_us + DRIFT_US, offset_us)
        self.media_us = max(self.media_us, media_us)

    def to_local(self, media_us: int) -> int:
        """Give the local time of a media time; the media time itself before anything was received."""
        return media_us + (self._offset_us or 0)
