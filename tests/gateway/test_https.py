"""The HTTP door over TLS: pages, offers and sockets with the host's certificate, and no plaintext beyond loopback."""

import ssl
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from certificates import Authority
from event_client import PROTOCOL
from gateway_house import QUICK, open_house

from cordboard.core.errors import InvalidError
from cordboard.gateway.http_server import HttpServer
from cordboard.runtime.transport_security import secured


async def test_offers_and_sockets_go_over_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    trusting = ssl.create_default_context(cafile=str(authority.file))
    with secured(authority.sign("gateway")):
        async with open_house(tmp_path / "keys") as house, aiohttp.ClientSession() as http:
            url = f"https://{house.gateway.http_address}"
            async with http.get(f"{url}/healthz", ssl=trusting) as healthy:
                assert healthy.status == 200
            token = house.token("agent", (), subject="maria")
            protocols = [PROTOCOL, f"bearer.{token}"]
            async with http.ws_connect(f"{url}/v1/desk", protocols=protocols, ssl=trusting) as desk:
                assert (await desk.receive_json())["type"] == "hello"
            with pytest.raises(aiohttp.ClientError):
                await http.get(f"http://{house.gateway.http_address}/healthz")


async def test_plaintext_beyond_loopback_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="TLS_REQUIRED"):
        await HttpServer("0.0.0.0:0", []).start()
    with pytest.raises(InvalidError, match="TLS_REQUIRED"):
        async with open_house(tmp_path / "keys", replace(QUICK, grpc="0.0.0.0:0")):
            pass
