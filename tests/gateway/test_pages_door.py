"""The static pages and the callers' tokens for them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from gateway_house import OFFER, QUICK, House, open_house

from cordboard.gateway.gateway import Doors, Gateway
from cordboard.gateway.pages_door import pages_directory
from cordboard.runtime.identity import TokenVerifier


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[House]:
    """A gateway that serves the pages of the tree."""
    pages = pages_directory()
    assert pages is not None
    async with open_house(tmp_path / "keys", replace(QUICK, pages=pages)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/call.html", "text/html; charset=utf-8"),
        ("/desk.html", "text/html; charset=utf-8"),
        ("/js/desk_page.js", "text/javascript; charset=utf-8"),
        ("/style/tokens.css", "text/css; charset=utf-8"),
        ("/fonts/inter-var.woff2", "font/woff2"),
    ],
)
async def test_every_file_has_its_type_and_the_pages_rules(site: House, path: str, kind: str) -> None:
    async with site.http.get(f"http://{site.gateway.http_address}{path}") as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe-eval" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        lasting = path.endswith(".woff2")
        assert answer.headers["Cache-Control"] == ("public, max-age=604800" if lasting else "no-cache")
        tag = answer.headers["ETag"]
    async with site.http.get(f"http://{site.gateway.http_address}{path}", headers={"If-None-Match": tag}) as unchanged:
        assert unchanged.status == 304


@pytest.mark.parametrize(
    "path",
    [
        "/js",
        "/js/",
        "/nothing.html",
        "/%2e%2e/pyproject.toml",
        "/..%2fgateway/cordboard/gateway/gateway.py",
        "/js/%00.js",
        "/v1/nothing",
        "/v1/calls",
    ],
)
async def test_nothing_else_is_served(site: House, path: str) -> None:
    status, _, problem = await site.ask("GET", path)
    assert (status, problem["reason"]) == (404, "ADDRESS_NOT_FOUND")


async def test_the_root_leads_to_the_first_page_and_the_doors_still_answer(site: House) -> None:
    async with site.http.get(f"http://{site.gateway.http_address}/") as answer:
        assert (answer.status, answer.url.path) == (200, "/call.html")
    assert (await site.ask("GET", "/healthz"))[0] == 200


async def test_a_page_gets_a_callers_token_for_each_call(site: House) -> None:
    app = site.token(scopes=("calls:start",))
    first = await site.ask("POST", "/v1/tokens/caller", app)
    second = await site.ask("POST", "/v1/tokens/caller", app)
    assert (first[0], first[1]["cache-control"]) == (200, "no-store")
    claims = TokenVerifier.load(site.keys).user(first[2]["token"])
    assert (claims.role, claims.tenant, claims.vertical) == ("caller", "clinic", "healthcare")
    assert claims.scopes == {"calls:start"}
    for answer in (first, second):
        assert (await site.post("/v1/legs", answer[2]["token"], OFFER))[0] == 201


@pytest.mark.parametrize(
    ("role", "scopes", "expected"),
    [
        (None, (), (401, "TOKEN_MISSING")),
        ("app", ("calls:read",), (403, "SCOPE_MISSING")),
        ("caller", ("calls:start",), (403, "ROLE_FORBIDDEN")),
        ("agent", ("calls:start",), (403, "ROLE_FORBIDDEN")),
    ],
)
async def test_others_get_no_callers_token(
    site: House, role: str | None, scopes: tuple[str, ...], expected: tuple[int, str]
) -> None:
    token = site.token(role, scopes) if role else None
    status, _, problem = await site.ask("POST", "/v1/tokens/caller", token)
    assert (status, problem["reason"]) == expected


async def test_a_gateway_without_the_key_says_so(site: House) -> None:
    bare = Gateway(Doors(), TokenVerifier.load(site.keys), replace(site.neighbours, issuer=None))
    await bare.start()
    site.gateway, kept = bare, site.gateway
    try:
        status, _, problem = await site.ask("POST", "/v1/tokens/caller", site.token())
        assert (status, problem["reason"]) == (501, "UNIMPLEMENTED")
    finally:
        site.gateway = kept
        await bare.stop()
