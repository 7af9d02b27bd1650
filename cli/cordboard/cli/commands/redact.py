"""`cordboard redact`: take identifiers out of text, and measure how well that goes."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from cordboard.cli.options import Json
from cordboard.cli.output import console, print_json, table
from cordboard.core.errors import InternalError

if TYPE_CHECKING:
    from cordboard.activities.redaction.engine import RedactionEngine
    from cordboard.activities.redaction.evaluation import Evaluation, Score

redact = typer.Typer(
    name="redact", no_args_is_help=True, help="Take identifiers out of text, and measure how well that goes."
)
OwnRules = Annotated[bool, typer.Option("--own-rules", help="Leave the library engines out: lighter, and weaker.")]
Least = Annotated[float, typer.Option(min=0.0, max=1.0, help="Exit with 1 when less is reached.")]


@redact.command("eval")
def evaluate_folder(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of labelled sentences (*.jsonl).")],
    own_rules: OwnRules = False,
    least_recall: Least = 0.0,
    least_precision: Least = 0.0,
    json: Json = False,
) -> None:
    """Run redaction over labelled sentences: recall and precision per identifier, and each mistake.

    A label is found when each of its letters and digits is covered. Sentences with mistakes are printed as they are:
    run this on sentences that were made up, not on calls.
    """
    from cordboard.activities.redaction.evaluation import evaluate, read_sentences

    sentences = read_sentences(folder)
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("redacting", total=len(sentences))
        result = evaluate(_engine(own_rules), sentences, lambda: progress.advance(task))
    if json:
        print_json(_as_json(result))
    else:
        _show(result)
    if result.total.recall < least_recall or result.total.precision < least_precision:
        raise InternalError("REDACTION_TOO_WEAK", "fewer identifiers were found, or more was taken out, than asked")


@redact.command()
def text(own_rules: OwnRules = False) -> None:
    """Redact what comes on standard input, one utterance a line, as the utterances of one call."""
    from cordboard.wrap_up.v1.transcript_pb2 import Transcript, Utterance

    lines = sys.stdin.read().splitlines()
    utterances = [Utterance(ordinal=place, text=line) for place, line in enumerate(lines)]
    redaction = _engine(own_rules).redact(Transcript(utterances=utterances))
    for utterance in redaction.redacted.utterances:
        sys.stdout.write(utterance.text + "\n")


def _engine(own_rules: bool) -> "RedactionEngine":
    from cordboard.activities.redaction.engine import RedactionEngine

    return RedactionEngine.of_own_rules() if own_rules else RedactionEngine.create()


def _show(result: "Evaluation") -> None:
    rows = [_row(name, score) for name, score in sorted(result.by_kind.items())]
    console.print(table(("identifier", "labels", "recall", "spans", "precision"), [*rows, _row("all", result.total)]))
    console.print(
        f"{result.sentences} sentences; {result.clean_hit} of {result.clean} without identifiers were touched; "
        f"{result.total.character_precision:.1%} of what was taken out is labelled; "
        f"the kind is right for {_share(result.total.kind_right, result.total.found)} of what was found"
    )
    for kind, mistakes in (("missed", result.missed), ("needless", result.needless)):
        for mistake in mistakes:
            console.print(f"{kind} {mistake.kind}: {mistake.stretch} | {mistake.text}", markup=False)


def _row(name: str, score: "Score") -> tuple[str, ...]:
    recall = f"{score.recall:.1%}" if score.labelled else "-"
    precision = f"{score.precision:.1%}" if score.predicted else "-"
    return name, str(score.labelled), recall, str(score.predicted), precision


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def _as_json(result: "Evaluation") -> dict[str, object]:
    return {
        "sentences": result.sentences,
        "clean": result.clean,
        "clean_hit": result.clean_hit,
        "total": _figures(result.total),
        "by_identifier": {name: _figures(score) for name, score in sorted(result.by_kind.items())},
        "missed": [asdict(mistake) for mistake in result.missed],
        "needless": [asdict(mistake) for mistake in result.needless],
    }


def _figures(score: "Score") -> dict[str, float | int]:
    return {
        **asdict(score),
        "recall": round(score.recall, 4),
        "precision": round(score.precision, 4),
        "character_precision": round(score.character_precision, 4),
    }
