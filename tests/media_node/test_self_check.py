"""The check of private names, and which addresses are offered."""

import ifaddr
import pytest
from aioice.ice import Connection
from aiortc import RTCDtlsTransport

from cordboard.core.errors import InternalError
from cordboard.media_node.webrtc.addresses import host_addresses
from cordboard.media_node.webrtc.self_check import check_seams


async def test_the_pinned_versions_have_all_names() -> None:
    check_seams()


async def test_a_missing_method_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Connection, "_check_periodic")
    with pytest.raises(InternalError, match=r"AIORTC_CHANGED.*Connection\._check_periodic"):
        check_seams()


async def test_a_hook_with_other_arguments_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RTCDtlsTransport, "_handle_rtp_data", lambda self, data: None)
    with pytest.raises(InternalError, match=r"RTCDtlsTransport\._handle_rtp_data"):
        check_seams()


def adapter(*addresses: str) -> ifaddr.Adapter:
    ips = [
        ifaddr.IP(address if "." in address else (address, 0, 0), 24, "x")  # a tuple is an IPv6 address
        for address in addresses
    ]
    return ifaddr.Adapter("x", "x", ips)


def test_all_addresses_but_loopback_and_link_local_ones_are_offered() -> None:
    adapters = [adapter("127.0.0.1", "::1"), adapter("192.0.2.7", "2001:db8::7", "fe80::1"), adapter("169.254.3.3")]
    assert host_addresses(adapters) == ["192.0.2.7", "2001:db8::7"]


def test_a_host_with_nothing_but_loopback_offers_that() -> None:
    assert host_addresses([adapter("127.0.0.1", "::1")]) == ["127.0.0.1"]
