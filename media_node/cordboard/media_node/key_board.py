"""Key presses that are sent to legs."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from cordboard.core.errors import InvalidError
from cordboard.media_node.clock import Clock, Ticker
from cordboard.media_node.dtmf import DIGITS, TONE_MS, press
from cordboard.media_node.opus import FRAME_US
from cordboard.media_node.rtp import EVENT_TYPE, SAMPLES_PER_MS, RtpPacket, build_rtp

MOST_DIGITS = 64
_PAUSE_FRAMES = 4
_PRESS_STEP = (TONE_MS + _PAUSE_FRAMES * FRAME_US // 1_000) * SAMPLES_PER_MS
_TONE_FRAMES = TONE_MS * 1_000 // FRAME_US


class _Pressing:
    """The keys that one leg is still to hear; a frame at a time."""

    def __init__(self, leg_id: str) -> None:
        self.source = f"dtmf/{leg_id}"
        self.waiting: deque[str] = deque()
        self.ticker: Ticker | None = None
        self._frames: deque[list[bytes]] = deque()
        self._sequence = 0
        self._timestamp = 0

    @property
    def over(self) -> bool:
        return not self.waiting and not self._frames

    def next_frame(self) -> list[bytes]:
        if not self._frames:
            self._begin(self.waiting.popleft())
        return self._frames.popleft()

    def _begin(self, digit: str) -> None:
        packets: list[bytes] = []
        for first, payload in press(digit):
            packets.append(build_rtp(RtpPacket(EVENT_TYPE, first, self._sequence, self._timestamp, 1, payload)))
            self._sequence = (self._sequence + 1) & 0xFFFF
        self._timestamp = (self._timestamp + _PRESS_STEP) & 0xFFFF_FFFF
        self._frames.extend([packet] for packet in packets[: _TONE_FRAMES - 1])
        self._frames.append(packets[_TONE_FRAMES - 1 :])
        self._frames.extend([] for _ in range(_PAUSE_FRAMES))


class KeyBoard:
    """Sends key presses as telephone events, one after the other, on a listening slot that is free."""

    def __init__(self, clock: Clock, send: Callable[[str, list[bytes]], None], rerouted: Callable[[], None]) -> None:
        """Make a board that presses nothing. `send` takes a source's packets; `rerouted`: `overlay` has changed."""
        self._clock = clock
        self._send = send
        self._rerouted = rerouted
        self._pressing: dict[str, _Pressing] = {}

    def press(self, leg_id: str, digits: str) -> None:
        """Have keys pressed after those that wait. Raises InvalidError(DTMF_INVALID)."""
        if not digits or len(digits) > MOST_DIGITS or set(digits) - set(DIGITS):
            raise InvalidError("DTMF_INVALID", "keys are 0-9, *, #, A-D, at most 64 at once", leg_id=leg_id)
        pressing = self._pressing.get(leg_id)
        if pressing is None:
            pressing = self._pressing[leg_id] = _Pressing(leg_id)
            pressing.ticker = Ticker(self._clock, FRAME_US, lambda: self._tick(leg_id))
            self._rerouted()
        pressing.waiting.extend(digits)

    def stop(self, leg_id: str) -> None:
        """Press no more keys on a leg that goes."""
        pressing = self._pressing.pop(leg_id, None)
        if pressing is not None and pressing.ticker is not None:
            pressing.ticker.stop()

    def overlay(self, hears: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
        """Give the routes with the keys in them."""
        if not self._pressing:
            return hears
        keys = {leg_id: (*hears.get(leg_id, ()), pressing.source) for leg_id, pressing in self._pressing.items()}
        return {**hears, **keys}

    def _tick(self, leg_id: str) -> None:
        pressing = self._pressing[leg_id]
        if pressing.over:
            self.stop(leg_id)
            self._rerouted()
            return
        frame = pressing.next_frame()
        if frame:
            self._send(pressing.source, frame)
