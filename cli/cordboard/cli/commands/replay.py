"""`cordboard replay`: rebuild a call from the log."""

import asyncio
import json as json_text
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cordboard.cli.doors import fetch_history, key_door, ledger_door
from cordboard.cli.options import DEFAULT_HOME, CallId, Home, Json, Ledger
from cordboard.cli.output import console, print_json, table
from cordboard.cli.workflow_replay import CALL_WORKFLOW, CorpusKeys, Verdict, load_class, read_corpus, replay_all
from cordboard.core.errors import InvalidError, NotFoundError
from cordboard.core.fold import fold_envelopes
from cordboard.core.state_digest import state_digest, to_canonical_json
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.runtime.ledger_client import call_stream

replay = typer.Typer(name="replay", no_args_is_help=True, help="Rebuild calls from the log.")


@replay.callback()
def replay_itself() -> None:
    """Rebuild calls from the log."""


@replay.command()
def state(
    call_id: CallId,
    at: Annotated[str, typer.Option(help="Up to this sequence, or this instant (ISO 8601); without it all.")] = "",
    phi: Annotated[bool, typer.Option(help="Open what the caller said; that reading is itself logged.")] = True,
    home: Home = DEFAULT_HOME,
    ledger_address: Ledger = "",
    json: Json = False,
) -> None:
    """Fold a call's log to its state, in this process, without asking the call's workflow.

    Example: [bold]cordboard replay state CALL --at 2026-03-01T12:00:05Z[/]
    """
    moment = Moment.parse(at)
    envelopes = asyncio.run(_read(home, ledger_address, call_id, phi))
    rebuilt = rebuild(call_id, [envelope for envelope in envelopes if moment.includes(envelope)], phi)
    if json:
        print_json(rebuilt)
    else:
        console.print_json(data=rebuilt)


@replay.command("workflow")
def replay_workflow(
    call_id: Annotated[
        str, typer.Argument(metavar="[CALL]", help="The call's id; its history comes from Temporal.")
    ] = "",
    corpus: Annotated[Path | None, typer.Option(help="Directory of exported histories instead of a call.")] = None,
    against: Annotated[str, typer.Option(help="Workflow class to run them against, module:Class.")] = CALL_WORKFLOW,
    script: Annotated[str, typer.Option(help="Not the call itself but its registered workflow of that name.")] = "",
    home: Home = DEFAULT_HOME,
    ledger_address: Ledger = "",
    json: Json = False,
) -> None:
    """Run recorded histories against workflow code: exit code 1 when a running call would break on it.

    Example: [bold]cordboard replay workflow --corpus tests/workflows/histories --against my.module:CallWorkflow[/]
    """
    if bool(call_id) == (corpus is not None):
        raise InvalidError("USAGE", "name a call, or a corpus")
    kind = load_class(against)
    verdicts = asyncio.run(_verdicts(kind, call_id, script, corpus, home, ledger_address))
    broken = [verdict for verdict in verdicts if not verdict.replays]
    if json:
        print_json(
            {
                "against": against,
                "histories": len(verdicts),
                "broken": len(broken),
                "verdicts": [verdict.to_json() for verdict in verdicts],
            }
        )
    else:
        rows = [
            (
                one.history,
                "replays" if one.replays else one.problem,
                f"{one.event_id} {one.event_type}" if one.event_id else "",
                one.differs,
            )
            for one in verdicts
        ]
        console.print(table(("history", "verdict", "at event", "what differs"), rows))
        console.print(f"{len(verdicts) - len(broken)} of {len(verdicts)} replay against {against}")
    if broken:
        raise typer.Exit(1)


async def _verdicts(
    kind: type[Any], call_id: str, script: str, corpus: Path | None, home: Path, ledger_address: str
) -> list[Verdict]:
    beside = CorpusKeys.beside(corpus) if corpus is not None else None
    if corpus is not None and beside is not None:
        return await replay_all(kind, read_corpus(corpus), beside)
    async with key_door(home, ledger_address) as keys:
        recordings = read_corpus(corpus) if corpus is not None else [await fetch_history(home, call_id, script)]
        return await replay_all(kind, recordings, keys)


@dataclass(frozen=True, slots=True)
class Moment:
    """A point of a call's life: a sequence, or an instant by the clocks of those who saw the events."""

    seq: int | None = None
    instant: datetime | None = None

    @classmethod
    def parse(cls, text: str) -> "Moment":
        """Read a sequence or an ISO 8601 instant; without a zone it is UTC. Raises InvalidError(MOMENT_INVALID)."""
        if not text:
            return cls()
        if text.isdecimal():
            return cls(seq=int(text))
        try:
            instant = datetime.fromisoformat(text)
        except ValueError as error:
            raise InvalidError("MOMENT_INVALID", "a moment is a sequence or an ISO 8601 instant", at=text) from error
        return cls(instant=instant if instant.tzinfo else instant.replace(tzinfo=UTC))

    def includes(self, envelope: Envelope) -> bool:
        """Tell whether an event had happened by then."""
        if self.seq is not None:
            return envelope.seq <= self.seq
        return self.instant is None or envelope.event.occurred_at.ToDatetime(UTC) <= self.instant


def rebuild(call_id: str, envelopes: list[Envelope], phi: bool) -> dict[str, Any]:
    """Fold envelopes, and say what came out and of how much. Raises NotFoundError(CALL_NOT_FOUND)."""
    folded = fold_envelopes(envelopes)
    if folded is None:
        raise NotFoundError("CALL_NOT_FOUND", "nothing was decided for such a call by then", call_id=call_id)
    return {
        "call_id": call_id,
        "seq": envelopes[-1].seq,
        "events": len(envelopes),
        "digest": state_digest(folded, phi=phi),
        "state": json_text.loads(to_canonical_json(folded, phi=phi)),
    }


async def _read(home: Path, address: str, call_id: str, phi: bool) -> list[Envelope]:
    async with ledger_door(home, address) as ledger:
        return [envelope async for envelope in ledger.read(call_stream(call_id), with_phi=phi)]
