"""`cordboard gateway|worker|wrap-up|media-node|voice-agent`: one process, in the foreground, under its own id."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cordboard.cli.options import DEFAULT_HOME, Home
from cordboard.cli.supervision.catalogue import ROLES, shared_settings
from cordboard.cli.supervision.port_book import PortBook
from cordboard.cli.supervision.state_directory import StateDirectory

Instance = Annotated[
    str, typer.Option("--instance", envvar="CORDBOARD_INSTANCE", help="Name of this instance, unique in the cluster.")
]
Listen = Annotated[
    str,
    typer.Option("--listen", envvar="CORDBOARD_LISTEN", help="host:port of its gRPC server; port 0: a free one."),
]
HttpListen = Annotated[
    str, typer.Option("--http-listen", envvar="CORDBOARD_HTTP_LISTEN", help="host:port of its HTTP server.")
]
FREE = "127.0.0.1:0"


def gateway(home: Home = DEFAULT_HOME, instance: Instance = "", listen: Listen = FREE, http: HttpListen = FREE) -> None:
    """Run the front door: gRPC for apps, SDP over HTTP for browsers, pages.

    Needs CORDBOARD_LEDGER, CORDBOARD_TEMPORAL.
    """
    run("gateway", home, instance, {"CORDBOARD_LISTEN": listen, "CORDBOARD_HTTP_LISTEN": http})


def worker(home: Home = DEFAULT_HOME, instance: Instance = "", listen: Listen = FREE) -> None:
    """Run call lifecycles and their adapters.

    Needs CORDBOARD_LEDGER, CORDBOARD_TEMPORAL, CORDBOARD_S3_*, CORDBOARD_POSTGRES_URL_FILE,
    CORDBOARD_VERTICAL_POSTGRES_URL_FILE.
    """
    run("worker", home, instance, {"CORDBOARD_LISTEN": listen})


def wrap_up(home: Home = DEFAULT_HOME, instance: Instance = "", listen: Listen = FREE) -> None:
    """Run what follows a call: file of both sides, transcript, redaction, export.

    Needs CORDBOARD_LEDGER, CORDBOARD_TEMPORAL, CORDBOARD_S3_*.
    """
    run("wrap-up", home, instance, {"CORDBOARD_LISTEN": listen})


def media_node(home: Home = DEFAULT_HOME, instance: Instance = "", listen: Listen = FREE) -> None:
    """Run a media node: WebRTC legs, forwarding, capture. Needs CORDBOARD_LEDGER, CORDBOARD_S3_*."""
    run("media-node", home, instance, {"CORDBOARD_LISTEN": listen})


def voice_agent(home: Home = DEFAULT_HOME, instance: Instance = "", listen: Listen = FREE) -> None:
    """Run a voice agent: hearing, thinking, speaking. Needs CORDBOARD_LEDGER."""
    run("voice-agent", home, instance, {"CORDBOARD_LISTEN": listen})


def run(component: str, home: Path, instance: str, listen: dict[str, str]) -> None:
    """Become the process of a component.

    Settings come from the environment; where `cordboard up` has run in the state directory, those that are not set
    come from there, so that one more instance joins it.
    """
    role = ROLES[component]
    directory = StateDirectory(home)
    env = {
        "CORDBOARD_HOME": str(directory.root),
        "CORDBOARD_INSTANCE": instance or f"{component}-{os.getpid()}",
        **listen,
    }
    if (directory.root / "ports.json").exists():
        shared = shared_settings(directory, PortBook(directory), component)
        env |= {name: os.environ.get(name, shared[name]) for name in role.settings}
    os.execve(  # noqa: S606 - the process itself must be the one that was started
        sys.executable, [sys.executable, "-P", "-m", role.module], {**os.environ, **env}
    )
