"""Tokens of components and of people."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from cordboard.core.errors import InvalidError, UnauthenticatedError
from cordboard.runtime.identity import ServiceIdentity, TokenVerifier, UserTokenIssuer, create_keys


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    create_keys(tmp_path)
    return tmp_path


def test_a_component_proves_its_name_and_instance(keys: Path) -> None:
    token = ServiceIdentity.load(keys, "media-node", "media-node-1").token("ledger")
    claims = TokenVerifier.load(keys).service(token, "ledger")
    assert (claims.component, claims.instance) == ("media-node", "media-node-1")


def test_keys_are_readable_by_their_owner_only_and_are_kept(keys: Path) -> None:
    before = (keys / "worker.pem").read_bytes()
    create_keys(keys)
    assert (keys / "worker.pem").read_bytes() == before
    assert (keys / "worker.pem").stat().st_mode & 0o077 == 0


def test_a_users_token_is_no_proof_of_a_component(keys: Path) -> None:
    token = UserTokenIssuer.load(keys).mint(role="app", tenant="clinic")
    with pytest.raises(UnauthenticatedError, match="TOKEN_INVALID"):
        TokenVerifier.load(keys).service(token, "ledger")


def test_a_component_cannot_sign_for_another(keys: Path) -> None:
    forged = ServiceIdentity("ledger", "ledger-1", ServiceIdentity.load(keys, "worker", "w")._key).token("ledger")
    with pytest.raises(UnauthenticatedError, match="TOKEN_INVALID"):
        TokenVerifier.load(keys).service(forged, "ledger")


def test_a_user_token_carries_tenant_vertical_and_scopes(keys: Path) -> None:
    issuer = UserTokenIssuer.load(keys)
    token = issuer.mint(role="caller", tenant="clinic", vertical="healthcare", scopes=["calls:start"])
    claims = TokenVerifier.load(keys).user(token)
    assert (claims.role, claims.tenant, claims.vertical) == ("caller", "clinic", "healthcare")
    assert claims.scopes == {"calls:start"}
    assert claims.token_id


def test_an_agents_token_carries_skills_and_others_none(keys: Path) -> None:
    issuer, verifier = UserTokenIssuer.load(keys), TokenVerifier.load(keys)
    agent = verifier.user(issuer.mint(role="agent", tenant="clinic", skills=["clinical", "spanish", "clinical"]))
    assert agent.skills == {"clinical", "spanish"}
    assert verifier.user(issuer.mint(role="app", tenant="clinic")).skills == frozenset()


def test_an_expired_token_says_so(keys: Path) -> None:
    token = UserTokenIssuer.load(keys).mint(role="app", tenant="clinic", ttl=timedelta(seconds=-1))
    with pytest.raises(UnauthenticatedError, match="TOKEN_EXPIRED"):
        TokenVerifier.load(keys).user(token)


def test_an_unknown_scope_is_not_minted(keys: Path) -> None:
    with pytest.raises(InvalidError, match="SCOPE_UNKNOWN"):
        UserTokenIssuer.load(keys).mint(role="app", tenant="clinic", scopes=["everything"])


@pytest.mark.parametrize("skew", [-25.0, 25.0])
def test_clocks_of_two_machines_may_differ(keys: Path, monkeypatch: pytest.MonkeyPatch, skew: float) -> None:
    now = time.time()
    with monkeypatch.context() as patched:
        patched.setattr("cordboard.runtime.identity.unix_time", lambda: now + skew)
        service = ServiceIdentity.load(keys, "worker", "worker-1").token("ledger")
        person = UserTokenIssuer.load(keys).mint(role="app", tenant="clinic")
    assert TokenVerifier.load(keys).service(service, "ledger").component == "worker"
    assert TokenVerifier.load(keys).user(person).role == "app"


def test_a_token_of_the_far_future_is_not_valid(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    with monkeypatch.context() as patched:
        patched.setattr("cordboard.runtime.identity.unix_time", lambda: now + 120)
        token = ServiceIdentity.load(keys, "worker", "worker-1").token("ledger")
    with pytest.raises(UnauthenticatedError, match="TOKEN_INVALID"):
        TokenVerifier.load(keys).service(token, "ledger")


def test_processes_that_start_together_agree_on_the_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(create_keys, [tmp_path] * 8))
    token = ServiceIdentity.load(tmp_path, "worker", "worker-1").token("ledger")
    assert TokenVerifier.load(tmp_path).service(token, "ledger").component == "worker"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_key_that_a_crash_left_empty_is_named(keys: Path) -> None:
    (keys / "worker.pem").write_bytes(b"")
    with pytest.raises(InvalidError, match="KEY_INVALID"):
        ServiceIdentity.load(keys, "worker", "worker-1")
