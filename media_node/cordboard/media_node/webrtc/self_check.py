"""Checks at start-up that the private names the node relies on are still there.

aiortc and aioice are pinned; when the pin moves, this says what to look at instead of letting calls fail.
"""

import inspect
from collections.abc import Iterator

import aioice
import aiortc
import pylibsrtp
from aioice.ice import CandidatePair, Connection, StunProtocol
from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceGatherer, RTCIceTransport

from cordboard.core.errors import InternalError

_CONNECTION_METHODS = (
    "_pair_remote_candidate",
    "sort_check_list",
    "_unfreeze_initial",
    "check_incoming",
    "_check_periodic",
    "build_request",
    "get_component_candidates",
    "query_consent",
)
_CONNECTION_FIELDS = (
    "_remote_candidates",
    "_early_checks",
    "_early_checks_done",
    "_check_list",
    "_check_list_state",
    "_local_candidates_end",
    "_nominated",
    "_protocols",
    "_query_consent_task",
    "_tie_breaker",
)
_DTLS_HOOKS = {
    "_handle_rtp_data": ["self", "data", "arrival_time_ms"],
    "_handle_rtcp_data": ["self", "data"],
    "_set_role": ["self", "role"],
}
_DTLS_FIELDS = ("_rx_srtp", "_tx_srtp", "_role")


def check_seams() -> None:
    """Raise InternalError(AIORTC_CHANGED) naming what is missing."""
    missing = list(_missing())
    if missing:
        raise InternalError(
            "AIORTC_CHANGED",
            "aiortc or aioice lacks names that the media node relies on",
            missing=", ".join(missing),
            aiortc=aiortc.__version__,
            aioice=aioice.__version__,
        )


def _missing() -> Iterator[str]:
    for name in _CONNECTION_METHODS:
        if not callable(getattr(Connection, name, None)):
            yield f"Connection.{name}"
    connection = Connection(ice_controlling=False)
    for name in _CONNECTION_FIELDS:
        if not hasattr(connection, name):
            yield f"Connection.{name}"
    if "local_candidate" not in StunProtocol.__annotations__:
        yield "StunProtocol.local_candidate"
    if not hasattr(CandidatePair, "remote_addr"):
        yield "CandidatePair.remote_addr"
    gatherer = RTCIceGatherer(iceServers=[])
    if not isinstance(getattr(gatherer, "_connection", None), Connection):
        yield "RTCIceGatherer._connection"
        return
    transport = RTCIceTransport(gatherer)
    if getattr(transport, "_connection", None) is not gatherer._connection:
        yield "RTCIceTransport._connection"
    dtls = RTCDtlsTransport(transport, [RTCCertificate.generateCertificate()])
    for name in _DTLS_FIELDS:
        if not hasattr(dtls, name):
            yield f"RTCDtlsTransport.{name}"
    for name, parameters in _DTLS_HOOKS.items():
        hook = getattr(RTCDtlsTransport, name, None)
        if hook is None or list(inspect.signature(hook).parameters) != parameters:
            yield f"RTCDtlsTransport.{name}"
    if not all(hasattr(pylibsrtp.Session, name) for name in ("protect", "unprotect", "protect_rtcp", "unprotect_rtcp")):
        yield "pylibsrtp.Session"
