"""Addresses of the pages, with development tokens in their fragments: no server and no log ever sees those."""

import json
from datetime import timedelta
from pathlib import Path

from cordboard.cli.commands.token import DEFAULT_SCOPES
from cordboard.cli.options import DEFAULT_TENANT, DEFAULT_VERTICAL
from cordboard.runtime.identity import UserTokenIssuer
from cordboard.verticals.healthcare.profile import profile_json

LIFE = timedelta(hours=12)


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
        role="agent", tenant=DEFAULT_TENANT, scopes=DEFAULT_SCOPES["agent"], ttl=LIFE, skills=hand_over_skills()
    )
    return {
        "Click to call": f"{http}/call.html#token={app}",
        "Agent desk": f"{http}/desk.html#token={agent}",
    }


def hand_over_skills() -> list[str]:
    """Every skill that the shipped pack may ask of a person when it hands a caller over."""
    escalation = json.loads(profile_json())["escalation"]
    skills = [*escalation["skills"], *(skill for line in escalation["red_lines"] for skill in line["skills"])]
    return sorted(set(skills))
