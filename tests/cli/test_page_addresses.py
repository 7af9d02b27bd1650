"""The addresses that `up` and `demo` print: pages that work, tokens where no log sees them."""

from pathlib import Path
from urllib.parse import urlsplit

from cordboard.cli.page_addresses import page_addresses
from cordboard.cli.services_view import where
from cordboard.cli.supervision.stack_state import ServiceState, StackState
from cordboard.runtime.identity import TokenVerifier, create_keys


def test_each_page_gets_a_token_for_what_it_does(tmp_path: Path) -> None:
    create_keys(tmp_path)
    verifier = TokenVerifier.load(tmp_path)
    addresses = page_addresses(tmp_path, "http://127.0.0.1:8080")
    caller, desk = (urlsplit(addresses[name]) for name in ("Click to call", "Agent desk"))
    assert (caller.path, caller.query, desk.path, desk.query) == ("/call.html", "", "/desk.html", "")
    app = verifier.user(caller.fragment.removeprefix("token="))
    assert (app.role, app.vertical) == ("app", "healthcare")
    assert app.scopes == {"calls:start"}
    agent = verifier.user(desk.fragment.removeprefix("token="))
    assert (agent.role, agent.tenant) == ("agent", app.tenant)
    assert agent.skills == {"front-desk", "clinical"}
    assert "calls:start" not in agent.scopes


def test_what_runs_says_where_the_pages_are(tmp_path: Path) -> None:
    create_keys(tmp_path / "keys")
    gateway = ServiceState("gateway-1", "process", addresses={"http": "http://127.0.0.1:8080"})
    assert "/desk.html#token=" in where(StackState(str(tmp_path), services={"gateway-1": gateway}))
    assert "desk.html" not in where(StackState(str(tmp_path)))
