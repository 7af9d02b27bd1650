"""A browser's leg: ICE, DTLS-SRTP and Opus."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence

from aiortc import RTCDtlsTransport, RTCIceTransport

from cordboard.media.v1.leg_pb2 import LEG_STATE_ENDED, LEG_STATE_FAILED, LegState
from cordboard.media_node.clock import Clock, Ticker, Timer
from cordboard.media_node.data_plane import Tap
from cordboard.media_node.dtmf import DigitListener
from cordboard.media_node.egress import OutStream
from cordboard.media_node.leg import FarReport, LegHost, LegIdentity
from cordboard.media_node.rtcp import RtcpSession
from cordboard.media_node.rtp import EVENT_TYPE, build_rtp, parse_rtp
from cordboard.media_node.webrtc.answer import Offer
from cordboard.media_node.webrtc.ice import PromptConnection
from cordboard.media_node.webrtc.srtp import SrtpWire
from cordboard.media_node.webrtc.wire_telemetry import ForwardSampler, record_connect

_log = logging.getLogger(__name__)

SET_UP_US = 15_000_000
_REPORT_US = 1_000_000


class WebRtcLeg:
    """A `Leg` of one browser (or other WebRTC client) that offered."""

    def __init__(
        self,
        identity: LegIdentity,
        host: LegHost,
        clock: Clock,
        offer: Offer,
        transports: tuple[PromptConnection, RTCIceTransport, RTCDtlsTransport],
        streams: Sequence[OutStream],
        rtcp: RtcpSession,
    ) -> None:
        """Make a leg whose answer was written; `start` lets it connect."""
        self._identity = identity
        self._host = host
        self._clock = clock
        self._offer = offer
        self._connection, self._ice, self._dtls = transports
        self._streams = tuple(streams)
        self._rtcp = rtcp
        self._payload_type = offer.heard_line.payload_type if offer.heard_line is not None else -1
        self._event_types = dict(offer.heard_line.event_types) if offer.heard_line is not None else {}
        self._digits = DigitListener()
        self._wire: SrtpWire | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._deadline: Timer | None = None
        self._reports: Ticker | None = None
        self._over = False
        self._last_heard_us = self._answered_us = clock.now_us()
        self._sampler = ForwardSampler()

    @property
    def identity(self) -> LegIdentity:
        """What the leg is to its call."""
        return self._identity

    @property
    def streams(self) -> Sequence[OutStream]:
        """One stream per listening slot of the offer."""
        return self._streams

    @property
    def tap(self) -> Tap | None:
        """None: it takes streams."""
        return None

    @property
    def last_heard_us(self) -> int | None:
        """When the last RTP, RTCP or STUN packet came."""
        return self._last_heard_us

    def start(self) -> None:
        """Begin ICE, then DTLS; whoever takes longer than 15 s has failed."""
        self._connection.note_stun = self._note
        self._dtls.on("statechange", self._dtls_changed)
        self._deadline = self._clock.call_at(self._clock.now_us() + SET_UP_US, self._expire)
        self._connecting = asyncio.get_running_loop().create_task(self._connect())

    def send(self, batch: Sequence[bytes]) -> None:
        """Protect and send RTP packets."""
        if self._wire is not None:
            for data in batch:
                self._wire.send(data)

    def rerouted(self, sources: set[str]) -> None:
        """Do nothing: the data plane knows."""

    def flush(self, play_id: str) -> None:
        """Do nothing: it plays nothing by itself."""

    def far_report(self) -> FarReport:
        """Tell what the browser last reported by RTCP."""
        return self._rtcp.far_report()

    async def close(self) -> None:
        """Say goodbye and release the sockets."""
        self._over = True
        self._stop_timers()
        if self._connecting is not None and not self._connecting.done():
            self._connecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._connecting
        if self._wire is not None:
            self._wire.send_rtcp(self._rtcp.goodbye(self._host.counters(self._identity.leg_id), self._clock.now_us()))
        self._connection.take_media = None
        await self._dtls.stop()
        await self._ice.stop()

    async def _connect(self) -> None:
        for candidate in self._offer.candidates:
            await self._ice.addRemoteCandidate(candidate)
        await self._ice.start(self._offer.ice)
        if self._ice.state != "completed":
            self._fail("ICE_FAILED")
            return
        await self._dtls.start(self._offer.dtls)
        if self._dtls.state != "connected":
            self._fail("DTLS_FAILED")
            return
        self._wire = SrtpWire(self._dtls, self._connection.send_now)
        self._connection.take_media = self._take_media
        # The browser may speak before our side of the handshake is done: such packets are in aiortc's queue already.
        self._dtls._handle_rtp_data = self._take_queued_rtp  # type: ignore[method-assign]
        self._dtls._handle_rtcp_data = self._take_queued_rtcp  # type: ignore[method-assign]
        if self._deadline is not None:
            self._deadline.cancel()
        self._note()
        self._reports = Ticker(self._clock, _REPORT_US, self._report)
        record_connect(self._clock.now_us() - self._answered_us)
        self._host.connected(self._identity.leg_id)

    def _take_media(self, data: bytes) -> None:
        """Take a datagram that is RTP or RTCP by its first byte; RFC 5761 section 4 tells which."""
        wire = self._wire
        if wire is None or len(data) < 12:
            return
        if 192 <= data[1] <= 223:
            opened = wire.open_rtcp(data)
            if opened is not None:
                self._take_rtcp(opened)
        elif self._sampler.is_due():
            began_us = self._clock.now_us()
            self._take_sealed(wire, data)
            self._sampler.record(self._clock.now_us() - began_us)
        else:
            self._take_sealed(wire, data)

    def _take_sealed(self, wire: SrtpWire, data: bytes) -> None:
        opened = wire.open(data)
        if opened is not None:
            self._take_rtp(opened)

    def _take_rtp(self, data: bytes) -> None:
        self._note()
        number = data[1] & 0x7F
        if number == self._payload_type:
            self._host.received(self._identity.leg_id, (data,), self._last_heard_us)
        elif number in self._event_types:
            self._take_event(data)

    def _take_event(self, data: bytes) -> None:
        packet = parse_rtp(data)
        if packet is None:
            return
        counted = build_rtp(packet._replace(payload_type=EVENT_TYPE))
        self._host.received(self._identity.leg_id, (counted,), self._last_heard_us)
        digit = self._digits.take(packet)
        if digit:
            self._host.pressed(self._identity.leg_id, digit)

    def _take_rtcp(self, data: bytes) -> None:
        self._note()
        self._rtcp.take(data, self._last_heard_us)

    async def _take_queued_rtp(self, data: bytes, arrival_time_ms: int) -> None:
        self._take_rtp(data)

    async def _take_queued_rtcp(self, data: bytes) -> None:
        self._take_rtcp(data)

    def _note(self) -> None:
        self._last_heard_us = self._clock.now_us()

    def _report(self) -> None:
        if self._wire is not None:
            counters = self._host.counters(self._identity.leg_id)
            self._wire.send_rtcp(self._rtcp.report(counters, self._clock.now_us()))

    def _dtls_changed(self) -> None:
        if self._dtls.state == "closed" and self._wire is not None:
            reason = "CONSENT_LOST" if self._connection.consent_lost else "CLIENT_CLOSED"
            self._finish(LEG_STATE_ENDED, reason)

    def _expire(self) -> None:
        self._fail("ICE_FAILED" if self._ice.state != "completed" else "DTLS_FAILED")

    def _fail(self, reason: str) -> None:
        self._finish(LEG_STATE_FAILED, reason)

    def _finish(self, state: LegState.ValueType, reason: str) -> None:
        if not self._over:
            self._over = True
            self._stop_timers()
            self._host.ended(self._identity.leg_id, state, reason)

    def _stop_timers(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        if self._reports is not None:
            self._reports.stop()
