"""Addresses of the pages, with development tokens in their fragments: no server and no log ever sees those."""

from datetime import timedelta
from pathlib import Path

from cordboard.cli.commands.token import DEFAULT_SCOPES
from cordboard.cli.options import DEFAULT_TENANT, DEFAULT_VERTICAL
from cordboard.runtime.identity import UserTokenIssuer

LIFE = timedelta(hours=12)
AGENT = "priya"
# What the shipped pack asks for when it hands a caller to a person.
SKILLS = ("front-desk", "clinical")


def page_addresses(keys: Path, http: str) -> dict[str, str]:
    """Give the address of each page by its name, for the gateway at the URL `http`."""
    issuer = UserTokenIssuer.load(keys)
    app = issuer.mint(
        role="app",
        tenant=DEFAULT_TENANT,
        vertical=DEFAULT_VERTICAL,
        scopes=["calls:start"],
        ttl=LIFE,
        subject="click-to-call",
    )
    agent = issuer.mint(
        role="agent", tenant=DEFAULT_TENANT, scopes=DEFAULT_SCOPES["agent"], ttl=LIFE, subject=AGENT, skills=SKILLS
    )
    return {
        "Click to call": f"{http}/call.html#token={app}",
        "Agent desk": f"{http}/desk.html#token={agent}",
    }
