"""TLS between hosts: which certificate a process shows, whom it trusts, and when plaintext will do.

Inside one host, on loopback, processes speak plaintext; on every other address they want a certificate, and of each
other as well (mutual TLS). The files are read when a process starts.
"""

import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import grpc

from cordboard.core.errors import InvalidError
from cordboard.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class TransportSecurity:
    """What secures a process's connections.

    `certificate` (with its chain), `key` and `authority` are PEM files; without a certificate all is plaintext.
    `allow_plaintext` lets a process listen in plaintext beyond loopback, behind something that speaks TLS for it.
    """

    certificate: Path | None = None
    key: Path | None = None
    authority: Path | None = None
    allow_plaintext: bool = False

    @classmethod
    def of(cls, settings: Settings) -> "TransportSecurity":
        """Take it from the settings. Raises InvalidError(TLS_INCOMPLETE) when only some of the files are named."""
        names = (settings.tls_cert_file, settings.tls_key_file, settings.tls_ca_file)
        allowed = settings.allow_plaintext == "1"
        if not any(names):
            return cls(allow_plaintext=allowed)
        if not all(names):
            raise InvalidError("TLS_INCOMPLETE", "certificate, key and authority are named together, or none of them")
        certificate, key, authority = (Path(name) for name in names)
        return cls(certificate, key, authority, allowed)

    @property
    def encrypts(self) -> bool:
        """Whether connections are encrypted."""
        return self.certificate is not None

    def check_listening(self, host: str) -> None:
        """Raise InvalidError(TLS_REQUIRED) for plaintext on an address that other hosts reach."""
        if not self.encrypts and not self.allow_plaintext and not is_loopback(host):
            raise InvalidError(
                "TLS_REQUIRED", "beyond loopback a process listens with a certificate only; see deploy/README.md"
            )

    def server_credentials(self, *, from_components: bool) -> grpc.ServerCredentials | None:
        """Give a gRPC server's credentials; None for plaintext. With `from_components` callers show theirs as well."""
        if not self.encrypts:
            return None
        pair = [(_read(self.key), _read(self.certificate))]
        return grpc.ssl_server_credentials(pair, _read(self.authority), require_client_auth=from_components)

    def channel_credentials(self) -> grpc.ChannelCredentials | None:
        """Give a gRPC channel's credentials; None for plaintext."""
        if not self.encrypts:
            return None
        return grpc.ssl_channel_credentials(_read(self.authority), _read(self.key), _read(self.certificate))

    def http_context(self) -> ssl.SSLContext | None:
        """Give what an HTTP server speaks TLS with; None for plaintext. People's browsers show no certificate."""
        if self.certificate is None or self.key is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            raise _unreadable() from error
        return context


PLAINTEXT = TransportSecurity()

_current: ContextVar[TransportSecurity] = ContextVar("cordboard_transport", default=PLAINTEXT)


def transport_security() -> TransportSecurity:
    """Give what secures the connections of the running process."""
    return _current.get()


@contextmanager
def secured(security: TransportSecurity) -> Iterator[None]:
    """Secure the connections that are opened in the block so."""
    token = _current.set(security)
    try:
        yield
    finally:
        _current.reset(token)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address."""
    bare = host.strip("[]")
    if bare == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def _read(path: Path | None) -> bytes:
    try:
        return path.read_bytes() if path is not None else b""
    except OSError as error:
        raise _unreadable() from error


def _unreadable() -> InvalidError:
    return InvalidError("TLS_UNREADABLE", "a file of the certificate, its key or its authority cannot be read")
