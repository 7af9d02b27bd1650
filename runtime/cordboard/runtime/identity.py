"""Who a process or a person is: keys, tokens, and the claims they prove.

Each component signs its own short-lived tokens with its own Ed25519 key; everybody verifies with the public
set in `jwks.json`. Tokens of people and apps are signed by the key `users`.
"""

import contextlib
import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cordboard.core.errors import InvalidError, UnauthenticatedError
from cordboard.runtime.wall_clock import unix_time

COMPONENTS = ("gateway", "worker", "wrap-up", "ledger", "media-node", "voice-agent", "cli")
USERS = "users"
USER_AUDIENCE = "cordboard"
ROLES = ("caller", "agent", "app", "engineer")
SCOPES = (
    "calls:start",
    "calls:read",
    "calls:steer",
    "calls:supervise",
    "calls:wait",
    "phi",
    "legs:add",
    "ledger:read",
    "workflows:register",
    "scripts:run",
    "ledger:erase",
    "ledger:hold",
    "ledger:keys",
)
SERVICE_TOKEN_LIFE = timedelta(minutes=5)
_ALGORITHM = "EdDSA"
_PUBLIC = "public.json"
# Machines' clocks differ; NTP keeps them far closer than this.
LEEWAY_SECONDS = 30
KEEP_TOKENS = 1024


@dataclass(frozen=True, slots=True)
class ServiceClaims:
    """Proof that a call comes from an instance of one of the engine's components."""

    component: str
    instance: str


@dataclass(frozen=True, slots=True)
class UserClaims:
    """Proof that a call comes from a person or an app of a tenant."""

    token_id: str
    role: str
    tenant: str
    vertical: str
    scopes: frozenset[str]
    subject: str
    expires_at: int
    skills: frozenset[str] = frozenset()
    """What the agent behind the token can do; empty for others."""


def create_keys(keys_dir: Path) -> None:
    """Make one key per component, and one for users, where they are missing, and write the public set."""
    keys_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    shared = keys_dir / _PUBLIC
    # Others stay: a ledger's former key, as `ledger.<anything>`, still proves what it has signed.
    public: dict[str, str] = json.loads(shared.read_text()) if shared.exists() else {}
    for name in (*COMPONENTS, USERS):
        path = keys_dir / f"{name}.pem"
        if not path.exists():
            pem = Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            _put(path, pem, 0o600, replace=False)
        public[name] = (
            _private_key(path)
            .public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode()
        )
    _put(shared, json.dumps(public, indent=1).encode(), 0o644, replace=True)


def _put(path: Path, content: bytes, mode: int, *, replace: bool) -> None:
    """Write a file whole or not at all, whoever else does the same; an old one is kept unless it may be replaced."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            fresh.replace(path)
        else:
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(fresh)
    finally:
        fresh.unlink(missing_ok=True)


def _private_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError as error:
        raise InvalidError("KEY_MISSING", "an identity key is not there", key=path.name) from error
    except ValueError as error:
        raise InvalidError("KEY_INVALID", "an identity key cannot be read", key=path.name) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidError("KEY_INVALID", "an identity key is not Ed25519", key=path.name)
    return key


class ServiceIdentity:
    """The identity of one running component; mints the tokens it shows to others."""

    def __init__(self, component: str, instance: str, key: Ed25519PrivateKey) -> None:
        """Make an identity from its private key."""
        self.component = component
        self.instance = instance
        self._key = key
        self._tokens: dict[str, tuple[str, float]] = {}

    @classmethod
    def load(cls, keys_dir: Path, component: str, instance: str) -> "ServiceIdentity":
        """Read the component's key. Raises InvalidError(KEY_MISSING)."""
        return cls(component, instance, _private_key(keys_dir / f"{component}.pem"))

    def source(self, boot_id: str) -> str:
        """Name this process as a source of events."""
        return f"{self.component}/{self.instance}/{boot_id}"

    def sign(self, content: bytes) -> bytes:
        """Sign what begins with a name of its own kind and NUL, so that it can be taken for nothing else."""
        return self._key.sign(content)

    def token(self, audience: str) -> str:
        """Give a token for the component `audience`; cached until shortly before it expires."""
        now = unix_time()
        cached = self._tokens.get(audience)
        if cached and cached[1] > now + 30:
            return cached[0]
        expires = now + SERVICE_TOKEN_LIFE.total_seconds()
        claims = {
            "iss": self.component,
            "sub": self.instance,
            "aud": audience,
            "iat": int(now),
            "exp": int(expires),
        }
        token = jwt.encode(claims, self._key, algorithm=_ALGORITHM)
        self._tokens[audience] = (token, expires)
        return token


class TokenVerifier:
    """Checks tokens against the public set of keys."""

    def __init__(self, public: dict[str, Ed25519PublicKey]) -> None:
        """Make a verifier from public keys by name."""
        self._public = public
        self._known: dict[tuple[str, str], tuple[ServiceClaims, float]] = {}

    @classmethod
    def load(cls, keys_dir: Path) -> "TokenVerifier":
        """Read the public set. Raises InvalidError(KEY_MISSING)."""
        try:
            pems: dict[str, str] = json.loads((keys_dir / _PUBLIC).read_text())
        except FileNotFoundError as error:
            raise InvalidError("KEY_MISSING", "the public set of keys is not there", key="public.json") from error
        public: dict[str, Ed25519PublicKey] = {}
        for name, pem in pems.items():
            key = serialization.load_pem_public_key(pem.encode())
            if isinstance(key, Ed25519PublicKey):
                public[name] = key
        return cls(public)

    def service(self, token: str, audience: str) -> ServiceClaims:
        """Check a component's token. Raises UnauthenticatedError (TOKEN_INVALID, TOKEN_EXPIRED)."""
        # Components show one token with every call for minutes; checking its signature each time costs more than most
        # calls do.
        known = self._known.get((token, audience))
        if known is not None and known[1] > unix_time():
            return known[0]
        issuer = self._unverified_issuer(token)
        if issuer not in COMPONENTS:
            raise UnauthenticatedError("TOKEN_INVALID", "the token names no component of the engine")
        claims = self._decode(token, issuer, audience)
        service = ServiceClaims(component=issuer, instance=str(claims["sub"]))
        if len(self._known) >= KEEP_TOKENS:
            self._known.clear()
        self._known[token, audience] = service, float(claims["exp"])
        return service

    def user(self, token: str) -> UserClaims:
        """Check the token of a person or app. Raises UnauthenticatedError (TOKEN_INVALID, TOKEN_EXPIRED)."""
        claims = self._decode(token, USERS, USER_AUDIENCE)
        # People's tokens end on time; only the signer's clock may be ahead.
        if int(claims["exp"]) <= unix_time():
            raise UnauthenticatedError("TOKEN_EXPIRED", "the token has expired")
        try:
            return UserClaims(
                token_id=str(claims["jti"]),
                role=str(claims["role"]),
                tenant=str(claims["tenant"]),
                vertical=str(claims.get("vertical", "")),
                scopes=frozenset(str(claims.get("scope", "")).split()),
                subject=str(claims["sub"]),
                expires_at=int(claims["exp"]),
                skills=_skills(claims.get("skills", [])),
            )
        except KeyError as error:
            raise UnauthenticatedError("TOKEN_INVALID", "the token lacks a claim") from error

    def signed(self, component: str, content: bytes, signature: bytes) -> bool:
        """Tell whether a component signed this, with its key or a former one (`component.<anything>`)."""
        for name, key in self._public.items():
            if name != component and not name.startswith(f"{component}."):
                continue
            with contextlib.suppress(InvalidSignature):
                key.verify(signature, content)
                return True
        return False

    def _unverified_issuer(self, token: str) -> str:
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
        except jwt.PyJWTError as error:
            raise UnauthenticatedError("TOKEN_INVALID", "the token cannot be read") from error
        return str(claims.get("iss", ""))

    def _decode(self, token: str, issuer: str, audience: str) -> dict[str, Any]:
        key = self._public.get(issuer)
        if key is None:
            raise UnauthenticatedError("TOKEN_INVALID", "the token's issuer is not known")
        # The library would compare times with the machine's clock; this process may have another.
        required = ["exp", "iat", "sub", "aud", "iss"]
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                audience=audience,
                issuer=issuer,
                options={"require": required, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
            _check_times(claims, unix_time())
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise UnauthenticatedError("TOKEN_INVALID", "the token is not valid here") from error
        return claims


def _check_times(claims: dict[str, Any], now: float) -> None:
    """Check when a token is good for a clock that may be off by `LEEWAY_SECONDS`.

    Raises UnauthenticatedError (TOKEN_EXPIRED, TOKEN_INVALID); ValueError, TypeError for what is no time.
    """
    if int(claims["exp"]) <= now - LEEWAY_SECONDS:
        raise UnauthenticatedError("TOKEN_EXPIRED", "the token has expired")
    if any(int(claims.get(name, 0)) > now + LEEWAY_SECONDS for name in ("iat", "nbf")):
        raise UnauthenticatedError("TOKEN_INVALID", "the token is not good yet")


def _skills(claim: object) -> frozenset[str]:
    if not isinstance(claim, list) or not all(isinstance(skill, str) for skill in claim):
        raise UnauthenticatedError("TOKEN_INVALID", "the token's skills are no list of names")
    return frozenset(claim)


class UserTokenIssuer:
    """Mints tokens for people and apps."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        """Make an issuer from the users' private key."""
        self._key = key

    @classmethod
    def load(cls, keys_dir: Path) -> "UserTokenIssuer":
        """Read the users' key. Raises InvalidError(KEY_MISSING)."""
        return cls(_private_key(keys_dir / f"{USERS}.pem"))

    def mint(
        self,
        *,
        role: str,
        tenant: str,
        vertical: str = "",
        scopes: Iterable[str] = (),
        ttl: timedelta = timedelta(minutes=10),
        subject: str = "",
        skills: Iterable[str] = (),
    ) -> str:
        """Make a token. A caller's token is single-use: it pays for one call. Raises InvalidError."""
        wanted = sorted(scopes)
        if role not in ROLES:
            raise InvalidError("ROLE_UNKNOWN", "no such role", role=role)
        for scope in wanted:
            if scope not in SCOPES:
                raise InvalidError("SCOPE_UNKNOWN", "no such scope", scope=scope)
        now = int(unix_time())
        token_id = secrets.token_urlsafe(16)
        claims: dict[str, Any] = {
            "iss": USERS,
            "aud": USER_AUDIENCE,
            "sub": subject or f"{role}-{token_id[:6]}",
            "jti": token_id,
            "iat": now,
            "exp": now + int(ttl.total_seconds()),
            "role": role,
            "tenant": tenant,
            "vertical": vertical,
            "scope": " ".join(wanted),
        }
        if able := sorted(set(skills)):
            claims["skills"] = able
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)
