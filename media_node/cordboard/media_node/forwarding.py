"""The data plane in Python: one pass over each packet, no decoding."""

from collections.abc import Mapping, Sequence

from cordboard.media_node.data_plane import LegCounters, Tap, Tapped, Wire
from cordboard.media_node.egress import EgressStream, OutStream
from cordboard.media_node.reception import Arrival, StreamReception
from cordboard.media_node.rtp import EVENT_TYPE, RtpPacket, parse_rtp


class _Port:
    """One leg as the plane sees it."""

    def __init__(self, wire: Wire, streams: Sequence[OutStream], may_speak: bool) -> None:
        self.wire = wire
        self.streams = [EgressStream(stream) for stream in streams]
        self.reception = StreamReception()
        self.may_speak = may_speak
        self.unheard = 0

    def assign(self, sources: Sequence[str]) -> None:
        """Spread the heard legs over the streams; one that is heard already stays where it is."""
        wanted = set(sources)
        for stream in self.streams:
            if stream.source not in wanted:
                stream.assign(None)
        waiting = [source for source in sources if source not in {s.source for s in self.streams}]
        for stream in self.streams:
            if stream.source is None and waiting:
                stream.assign(waiting.pop(0))
        self.unheard = len(waiting)


class ForwardingPlane:
    """A `DataPlane` that rewrites and forwards packets in the caller's own stack frame."""

    def __init__(self) -> None:
        """Make a plane without legs."""
        self._ports: dict[str, _Port] = {}
        self._hears: dict[str, tuple[str, ...]] = {}
        self._fanout: dict[str, tuple[tuple[Wire, EgressStream], ...]] = {}
        self._taps: dict[str, dict[str, Tap]] = {}

    def open(self, leg_id: str, wire: Wire, streams: Sequence[OutStream], *, may_speak: bool) -> None:
        """Take in a connected leg."""
        self._ports[leg_id] = _Port(wire, streams, may_speak)
        self._compile()

    def close(self, leg_id: str) -> None:
        """Forget a leg."""
        self._taps.pop(leg_id, None)
        if self._ports.pop(leg_id, None) is not None:
            self._compile()

    def set_routes(self, hears: Mapping[str, Sequence[str]]) -> None:
        """Set who hears whom."""
        self._hears = {listener: tuple(sources) for listener, sources in hears.items()}
        self._compile()

    def tap(self, leg_id: str, name: str, tap: Tap | None) -> None:
        """Put a tap on a leg, or take it off."""
        taps = dict(self._taps.get(leg_id, {}))
        if tap is None:
            taps.pop(name, None)
        else:
            taps[name] = tap
        self._taps[leg_id] = taps

    def receive(self, leg_id: str, batch: Sequence[bytes], arrival_us: int) -> None:
        """Take packets that a leg's far end sent."""
        port = self._ports.get(leg_id)
        if port is None or not port.may_speak:
            return
        taken: list[Tapped] = []
        for data in batch:
            packet = parse_rtp(data)
            if packet is None:
                continue
            arrival = port.reception.add(packet, arrival_us)
            if arrival is Arrival.REFUSED:
                continue
            if packet.payload_type == EVENT_TYPE:
                # Counted, for it has a sequence number. The room has its key press; nobody is to hear it or keep it.
                continue
            self._forward(leg_id, packet, arrival_us, restart=arrival is Arrival.RESTART)
            taken.append(Tapped(arrival_us, data))
        self._show(leg_id, taken)

    def inject(self, leg_id: str, batch: Sequence[bytes], now_us: int) -> None:
        """Send packets as if `leg_id` had sent them."""
        taken: list[Tapped] = []
        for data in batch:
            packet = parse_rtp(data)
            if packet is not None:
                self._forward(leg_id, packet, now_us, restart=False)
                taken.append(Tapped(now_us, data))
        self._show(leg_id, taken)

    def counters(self, leg_id: str) -> LegCounters:
        """Tell what a leg received and was sent."""
        port = self._ports.get(leg_id)
        if port is None:
            return LegCounters()
        sent = tuple(stream.counters() for stream in port.streams)
        return LegCounters(port.reception.counters(), sent, port.unheard)

    def _forward(self, leg_id: str, packet: RtpPacket, now_us: int, *, restart: bool) -> None:
        for wire, stream in self._fanout.get(leg_id, ()):
            if restart:
                stream.rejoin()
            data = stream.rewrite(packet, now_us)
            if data is not None:
                wire.send((data,))

    def _show(self, leg_id: str, taken: Sequence[Tapped]) -> None:
        if taken:
            for tap in self._taps.get(leg_id, {}).values():
                tap(leg_id, taken)

    def _compile(self) -> None:
        fanout: dict[str, list[tuple[Wire, EgressStream]]] = {}
        for listener, port in self._ports.items():
            port.assign(self._hears.get(listener, ()))
            for stream in port.streams:
                if stream.source is not None:
                    fanout.setdefault(stream.source, []).append((port.wire, stream))
        self._fanout = {source: tuple(targets) for source, targets in fanout.items()}
