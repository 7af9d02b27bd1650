"""ICE as the node wants it: found pairs are used at once, lost peers are noticed, media skips the queue."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aioice import stun
from aioice.candidate import Candidate, candidate_foundation, candidate_priority
from aioice.ice import ICE_COMPLETED, Connection, StunProtocol
from aiortc import RTCIceGatherer

_log = logging.getLogger(__name__)

# Pace of checks (RFC 8445 section 14: Ta is 50 ms by default, 5 ms at least).
_PACE_SECONDS = 0.02
# Consent (RFC 7675): a peer that does not answer this many checks in a row is gone after at most
# 4 x (1.2 s + 0.5 s) < 8 s.
CONSENT_SECONDS = 1.0
CONSENT_FAILURES = 4
_RECEIVE_BUFFER = 256 * 1_024

SocketFactory = Callable[[Callable[[], asyncio.DatagramProtocol], str], Awaitable[Any]]


async def open_socket(protocol: Callable[[], asyncio.DatagramProtocol], address: str) -> Any:
    """Bind a UDP socket to a free port of `address` and give its protocol."""
    loop = asyncio.get_running_loop()
    _, bound = await loop.create_datagram_endpoint(protocol, local_addr=(address, 0))
    return bound


class MediaSocket(StunProtocol):
    """A UDP socket of one ICE connection that hands RTP and RTCP to the connection without queueing."""

    receiver: "PromptConnection"

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        """Take a datagram: media by its first byte (RFC 7983), all else the long way."""
        if isinstance(data, bytes) and data:
            first = data[0]
            if 127 < first < 192:
                take = self.receiver.take_media
                if take is not None:
                    take(data)
                    return
            elif first < 4:
                self.receiver.note_stun()
        super().datagram_received(data, addr)


class PromptConnection(Connection):
    """An ICE connection whose `connect` returns the moment a pair is nominated, not at the next 20 ms tick."""

    take_media: Callable[[bytes], None] | None = None
    note_stun: Callable[[], None] = staticmethod(lambda: None)
    # None: gather as aioice does, which is what a peer that is no node wants.
    addresses: Sequence[str] | None = None
    open_socket: SocketFactory = staticmethod(open_socket)
    consent_lost = False

    async def gather_candidates(self) -> None:
        """Gather local candidates; a node knows its addresses, and does not list the machine's for each leg."""
        if self.addresses is None:
            await super().gather_candidates()
            return
        if self._local_candidates_start:
            return
        self._local_candidates_start = True
        for component in self._components:
            self._local_candidates += await self.get_component_candidates(component, [])
        self._local_candidates_end = True

    async def get_component_candidates(
        self,
        component: int,
        addresses: list[str],
        timeout: int = 5,
    ) -> list[Candidate]:
        """Open a socket on each of the node's addresses; no STUN, no TURN."""
        if self.addresses is None:
            return await super().get_component_candidates(component, addresses, timeout)
        candidates: list[Candidate] = []
        for address in self.addresses:
            try:
                protocol = await self.open_socket(lambda: MediaSocket(self), address)
            except OSError:
                _log.warning("a host address cannot be bound")
                continue
            host, port = protocol.transport.get_extra_info("sockname")[:2]
            protocol.local_candidate = Candidate(
                foundation=candidate_foundation("host", "udp", host),
                component=component,
                transport="udp",
                priority=candidate_priority(component, "host"),
                host=host,
                port=port,
                type="host",
            )
            self._protocols.append(protocol)
            candidates.append(protocol.local_candidate)
        return candidates

    async def connect(self) -> None:
        """Find a pair. Waits for as long as no end-of-candidates is given. Raises ConnectionError."""
        if not self._local_candidates_end or self.remote_username is None or self.remote_password is None:
            raise ConnectionError("gathering was not done or the remote parameters are missing")
        for candidate in self._remote_candidates:
            self._pair_remote_candidate(candidate)
        self.sort_check_list()
        self._unfreeze_initial()
        for check in self._early_checks:
            self.check_incoming(*check)
        self._early_checks.clear()
        self._early_checks_done = True
        pacing = asyncio.create_task(self._pace())
        try:
            outcome = await self._check_list_state.get()
        finally:
            pacing.cancel()
        for pair in self._check_list:
            if pair.task is not None:
                pair.task.cancel()
        if outcome != ICE_COMPLETED:
            raise ConnectionError("ICE found no pair")
        self._query_consent_task = asyncio.create_task(self.query_consent())

    async def query_consent(self) -> None:
        """Ask the peer each second whether it is there, and close when it stays silent (RFC 7675)."""
        assert self.remote_password is not None
        failures = 0
        while failures < CONSENT_FAILURES:
            await asyncio.sleep(CONSENT_SECONDS * (0.8 + 0.4 * self._tie_breaker / 2**64))
            for pair in list(self._nominated.values()):
                request = self.build_request(pair, nominate=False)
                try:
                    await pair.protocol.request(
                        request,
                        pair.remote_addr,
                        integrity_key=self.remote_password.encode(),
                        retransmissions=0,
                    )
                    failures = 0
                except stun.TransactionError:
                    failures += 1
        self.consent_lost = True
        self._query_consent_task = None
        await self.close()

    def send_now(self, data: bytes) -> None:
        """Send a datagram to the nominated peer, or drop it when there is none."""
        pair = self._nominated.get(1)
        if pair is not None:
            pair.protocol.transport.sendto(data, pair.remote_addr)

    async def _pace(self) -> None:
        while self._check_periodic():  # noqa: ASYNC110 - this is a pace, not a wait for something
            await asyncio.sleep(_PACE_SECONDS)


class PromptGatherer(RTCIceGatherer):
    """A gatherer with a `PromptConnection`, and no STUN server by default."""

    def __init__(self, addresses: Sequence[str], sockets: SocketFactory) -> None:
        """Make a gatherer of host candidates on `addresses`."""
        super().__init__(iceServers=[])
        given = self._connection
        self._connection = PromptConnection(
            ice_controlling=False,
            local_username=given.local_username,
            local_password=given.local_password,
        )
        self._connection.addresses = addresses
        self._connection.open_socket = sockets

    @property
    def connection(self) -> PromptConnection:
        """The connection itself."""
        assert isinstance(self._connection, PromptConnection)
        return self._connection
