"""Which addresses of this host a browser may reach the node at."""

import ipaddress
from collections.abc import Iterable

import ifaddr

LOOPBACK = "127.0.0.1"


def host_addresses(adapters: Iterable[ifaddr.Adapter] | None = None) -> list[str]:
    """Give the addresses for ICE host candidates: those of all interfaces but loopback and link-local ones.

    A host that has nothing but loopback (a build machine without a network) offers 127.0.0.1.
    """
    found: list[str] = []
    for adapter in ifaddr.get_adapters() if adapters is None else adapters:
        for ip in adapter.ips:
            text = ip.ip if isinstance(ip.ip, str) else ip.ip[0]
            address = ipaddress.ip_address(text)
            if not (address.is_loopback or address.is_link_local) and text not in found:
                found.append(text)
    return found or [LOOPBACK]
