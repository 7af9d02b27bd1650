"""TLS over real certificates: who is spoken to, and where plaintext is refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from certificates import Authority

from cordboard.core.errors import CordboardError, InvalidError
from cordboard.ledger.v1 import ledger_service_pb2 as pb
from cordboard.ledger.v1 import ledger_service_pb2_grpc as services
from cordboard.runtime.grpc_channel import open_channel, open_user_channel, translate_errors
from cordboard.runtime.grpc_server import GrpcServer
from cordboard.runtime.identity import ServiceIdentity, TokenVerifier, UserTokenIssuer, create_keys
from cordboard.runtime.settings import Settings
from cordboard.runtime.transport_security import TransportSecurity, is_loopback, secured


class _Ledger(services.LedgerServiceServicer):
    async def OpenCall(self, request: pb.OpenCallRequest, context: Any) -> pb.OpenCallResponse:
        return pb.OpenCallResponse(call_id="told")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    create_keys(tmp_path)
    return Authority(tmp_path / "tls")


@asynccontextmanager
async def serving(keys: Path, security: TransportSecurity, *, public: bool = False) -> AsyncIterator[str]:
    """A ledger that speaks with that certificate."""
    with secured(security):
        server = GrpcServer("127.0.0.1:0", TokenVerifier.load(keys), "ledger", authenticate_user=public)
        servicer = _Ledger()  # type: ignore[abstract]  # only one of the methods is called
        server.add(services.add_LedgerServiceServicer_to_server, servicer, "cordboard.ledger.v1.LedgerService")
        address = f"127.0.0.1:{await server.start()}"
        try:
            yield address
        finally:
            await server.stop(0)


async def _asked(keys: Path, address: str, security: TransportSecurity, *, public: bool = False) -> str:
    with secured(security):
        if public:
            channel = open_user_channel(address, UserTokenIssuer.load(keys).mint(role="app", tenant="clinic"))
        else:
            channel = open_channel(address, ServiceIdentity.load(keys, "worker", "worker-1"), "ledger")
        async with channel, translate_errors():
            answer = await services.LedgerServiceStub(channel).OpenCall(pb.OpenCallRequest(), timeout=5)
            return str(answer.call_id)


async def test_processes_speak_over_certificates_of_one_authority(tmp_path: Path, authority: Authority) -> None:
    async with serving(tmp_path, authority.sign("ledger")) as address:
        assert await _asked(tmp_path, address, authority.sign("worker")) == "told"


async def test_who_shows_no_certificate_of_the_authority_is_not_spoken_to(tmp_path: Path, authority: Authority) -> None:
    strangers = Authority(tmp_path / "tls", "strangers")
    stranger = replace(strangers.sign("stranger"), authority=authority.file)
    async with serving(tmp_path, authority.sign("ledger")) as address:
        for security in (stranger, TransportSecurity()):
            with pytest.raises(CordboardError, match="PEER_AWAY"):
                await _asked(tmp_path, address, security)
        bare = grpc.ssl_channel_credentials(authority.file.read_bytes())
        async with grpc.aio.secure_channel(address, bare) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await services.LedgerServiceStub(channel).OpenCall(pb.OpenCallRequest(), timeout=5)
        assert refused.value.code() == grpc.StatusCode.UNAVAILABLE


async def test_a_server_of_another_name_or_authority_is_not_believed(tmp_path: Path, authority: Authority) -> None:
    fake = Authority(tmp_path / "tls", "fake")
    for impostor in (authority.sign("elsewhere", address="10.1.2.3"), fake.sign("ledger")):
        lenient = replace(impostor, authority=authority.file)
        async with serving(tmp_path, lenient) as address:
            with pytest.raises(CordboardError, match="PEER_AWAY"):
                await _asked(tmp_path, address, authority.sign("worker"))


async def test_at_the_public_door_a_token_is_enough(tmp_path: Path, authority: Authority) -> None:
    async with serving(tmp_path, authority.sign("gateway"), public=True) as address:
        assert await _asked(tmp_path, address, authority.sign("app"), public=True) == "told"
        bare = grpc.ssl_channel_credentials(authority.file.read_bytes())
        async with grpc.aio.secure_channel(address, bare) as channel, translate_errors():
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await services.LedgerServiceStub(channel).OpenCall(pb.OpenCallRequest(), timeout=5)
        assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "10.1.2.3:0", "cordboard.example:0"])
async def test_plaintext_beyond_loopback_is_refused(tmp_path: Path, authority: Authority, address: str) -> None:
    server = GrpcServer(address, TokenVerifier.load(tmp_path), "ledger")
    with pytest.raises(InvalidError, match="TLS_REQUIRED"):
        await server.start()
    assert server.port == 0


async def test_plaintext_beyond_loopback_may_be_allowed(tmp_path: Path, authority: Authority) -> None:
    with secured(TransportSecurity(allow_plaintext=True)):
        server = GrpcServer("0.0.0.0:0", TokenVerifier.load(tmp_path), "ledger")
        assert await server.start()
        await server.stop(0)


def test_the_settings_name_all_files_or_none(tmp_path: Path) -> None:
    names = {"tls_cert_file": "a", "tls_key_file": "b", "tls_ca_file": "c"}
    assert TransportSecurity.of(Settings(**names)) == TransportSecurity(Path("a"), Path("b"), Path("c"))
    assert TransportSecurity.of(Settings(allow_plaintext="1")) == TransportSecurity(allow_plaintext=True)
    with pytest.raises(InvalidError, match="TLS_INCOMPLETE"):
        TransportSecurity.of(Settings(tls_cert_file="a"))


async def test_files_that_cannot_be_read_are_told(tmp_path: Path, authority: Authority) -> None:
    nothing = tmp_path / "nothing"
    with secured(TransportSecurity(nothing, nothing, nothing)), pytest.raises(InvalidError, match="TLS_UNREADABLE"):
        await GrpcServer("127.0.0.1:0", TokenVerifier.load(tmp_path), "ledger").start()


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("localhost", True), ("[::1]", True), ("", False), ("10.0.0.1", False)],
)
def test_loopback_is_known(host: str, expected: bool) -> None:
    assert is_loopback(host) == expected
