"""The SRTP end of a leg: the one writer of its sending session, and the reader of its receiving one."""

from collections.abc import Callable

from aiortc import RTCDtlsTransport
from pylibsrtp import Error as SrtpError


class SrtpWire:
    """Protects and opens packets with the keys that DTLS agreed on.

    All RTP of the session is written here and nowhere else: two writers could use one packet index twice, which
    breaks AES-GCM.
    """

    def __init__(self, dtls: RTCDtlsTransport, put: Callable[[bytes], None]) -> None:
        """Take over the sessions of a connected transport; `put` sends a datagram."""
        self._incoming = dtls._rx_srtp
        self._outgoing = dtls._tx_srtp
        self._put = put

    def send(self, data: bytes) -> None:
        """Send one RTP packet; one that cannot be protected (too long, far out of order) is left out."""
        try:
            protected = self._outgoing.protect(data)
        except (SrtpError, ValueError):
            return
        self._put(protected)

    def send_rtcp(self, data: bytes) -> None:
        """Send one compound RTCP packet."""
        self._put(self._outgoing.protect_rtcp(data))

    def open(self, data: bytes) -> bytes | None:
        """Open an SRTP packet; None when it is forged, damaged or repeated."""
        try:
            opened: bytes = self._incoming.unprotect(data)
        except (SrtpError, ValueError):
            return None
        return opened

    def open_rtcp(self, data: bytes) -> bytes | None:
        """Open an SRTCP packet; None when it is forged, damaged or repeated."""
        try:
            opened: bytes = self._incoming.unprotect_rtcp(data)
        except (SrtpError, ValueError):
            return None
        return opened
