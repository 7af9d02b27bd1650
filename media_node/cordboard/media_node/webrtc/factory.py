"""Makes WebRTC legs out of offers."""

from collections.abc import Sequence

from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceTransport

from cordboard.media_node.clock import Clock
from cordboard.media_node.egress import OutStream
from cordboard.media_node.leg import Leg, LegHost, LegIdentity
from cordboard.media_node.randomness import Randomness
from cordboard.media_node.rtcp import RtcpSession
from cordboard.media_node.webrtc.answer import Offer, read_offer, write_answer
from cordboard.media_node.webrtc.ice import PromptGatherer, SocketFactory, open_socket
from cordboard.media_node.webrtc.leg import WebRtcLeg


class WebRtcLegs:
    """Answers offers with host candidates on the node's addresses."""

    def __init__(
        self,
        clock: Clock,
        randomness: Randomness,
        addresses: Sequence[str],
        sockets: SocketFactory = open_socket,
    ) -> None:
        """Make a factory; `sockets` binds a UDP socket on an address."""
        self._clock = clock
        self._randomness = randomness
        self._addresses = tuple(addresses)
        self._sockets = sockets

    async def answer(self, identity: LegIdentity, sdp: str, host: LegHost) -> tuple[Leg, str]:
        """Make a leg and its SDP answer; the leg connects once it is started. Raises InvalidError(BAD_SDP)."""
        offer = read_offer(sdp)
        gatherer = PromptGatherer(self._addresses, self._sockets)
        try:
            return await self._answer(identity, offer, gatherer, host)
        except BaseException:
            # Also when whoever asked gives up meanwhile: sockets may be bound, and no leg holds them yet.
            await gatherer.connection.close()
            raise

    async def _answer(
        self, identity: LegIdentity, offer: Offer, gatherer: PromptGatherer, host: LegHost
    ) -> tuple[Leg, str]:
        ice = RTCIceTransport(gatherer)
        dtls = RTCDtlsTransport(ice, [RTCCertificate.generateCertificate()])
        await gatherer.gather()
        role = "active"
        if offer.dtls.role == "client":
            role = "passive"
            dtls._set_role("server")
        streams = self._streams(offer)
        cname = f"{self._randomness.bits(64):016x}"
        answer = write_answer(
            offer,
            session_id=self._randomness.bits(62),
            ice=gatherer.getLocalParameters(),
            dtls=dtls.getLocalParameters(),
            role=role,
            candidates=[candidate.to_sdp() for candidate in gatherer.connection.local_candidates],
            streams=streams,
            cname=cname,
            listens=not identity.passive,
        )
        rtcp = RtcpSession(streams[0].ssrc if streams else self._randomness.bits(32), cname)
        transports = (gatherer.connection, ice, dtls)
        return WebRtcLeg(identity, host, self._clock, offer, transports, streams, rtcp), answer

    def _streams(self, offer: Offer) -> list[OutStream]:
        # A first sequence number in the lower half keeps an early wrap from confusing SRTP's rollover counter.
        return [
            OutStream(
                ssrc=self._randomness.bits(32),
                payload_type=line.payload_type,
                event_type=line.sent_event_type,
                first_sequence=self._randomness.bits(15),
                first_timestamp=self._randomness.bits(32),
            )
            for line in offer.listening_lines
        ]
