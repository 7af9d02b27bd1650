"""The rows of the table, in the order in which they are run."""

from collections.abc import Sequence

from cordboard.cli.chaos.fault import Fault
from cordboard.cli.chaos.faults.clocks import skew_clocks
from cordboard.cli.chaos.faults.commands import repeat_commands
from cordboard.cli.chaos.faults.drains import drain, drain_media_node, drain_voice_agent
from cordboard.cli.chaos.faults.kills import kill, kill_media_node, kill_voice_agent
from cordboard.cli.chaos.faults.servers import restart_postgres, restart_temporal
from cordboard.cli.chaos.faults.spool import fill_spool
from cordboard.cli.chaos.faults.store import lose_store
from cordboard.core.errors import InvalidError

_STEERED = "call steered"

FAULTS: Sequence[Fault] = (
    Fault(
        "kill-voice-agent",
        "voice agent, kill -9",
        "heard again",
        "The only voice agent dies while it talks with every caller; its successor goes on from the record.",
        kill_voice_agent,
        waiting=False,
        judges_sound=False,
        in_short=False,
    ),
    Fault(
        "drain-voice-agent",
        "voice agent, SIGTERM",
        "heard again",
        "The only voice agent is asked to end while it talks with every caller; its successor goes on.",
        drain_voice_agent,
        waiting=False,
        judges_sound=False,
    ),
    Fault(
        "kill-gateway",
        "gateway, kill -9",
        _STEERED,
        "The only gateway dies: watchers come back to its successor, media goes on.",
        kill("gateway-1"),
        in_short=False,
    ),
    Fault(
        "kill-worker",
        "worker, kill -9",
        _STEERED,
        "One of two workers dies: the other one takes its calls over, media goes on.",
        kill("worker-1"),
        in_short=False,
    ),
    Fault(
        "kill-ledger",
        "ledger, kill -9",
        _STEERED,
        "The only ledger dies: facts wait in spools, decisions wait, media goes on.",
        kill("ledger-1"),
        in_short=False,
    ),
    Fault(
        "postgres",
        "PostgreSQL, restarted",
        _STEERED,
        "PostgreSQL breaks off every connection and is away for a while: facts wait in spools, decisions wait.",
        restart_postgres,
    ),
    Fault(
        "temporal",
        "Temporal, restarted",
        _STEERED,
        "Temporal ends and is away for a while: calls are not steered meanwhile, media and voice go on.",
        restart_temporal,
    ),
    Fault(
        "drain-gateway",
        "gateway, SIGTERM",
        _STEERED,
        "The only gateway is asked to end: requests under way are answered, watchers come back.",
        drain("gateway-1"),
    ),
    Fault(
        "drain-worker",
        "worker, SIGTERM",
        _STEERED,
        "One of two workers is asked to end: what it does is finished or done by the other one.",
        drain("worker-1"),
    ),
    Fault(
        "commands",
        "twice, out of order, late",
        "call steered",
        "Offers, steering and ends are repeated at once and later, ended calls are steered, a media node gets commands "
        "twice, out of order and from an old epoch: each has its effect once, what comes too late changes nothing.",
        repeat_commands,
    ),
    Fault(
        "clocks",
        "clocks that differ",
        _STEERED,
        "Gateway, workers and ledger run with clocks 24 s apart: tokens are taken, leases hold, nothing comes twice.",
        skew_clocks,
    ),
    Fault(
        "spool",
        "no room for spools",
        _STEERED,
        "No file of those who spool can grow while the ledger is away: events wait in memory and come to the log.",
        fill_spool,
    ),
    Fault(
        "drain-media-node",
        "media node, SIGTERM",
        _STEERED,
        "One of two media nodes is asked to end: its calls stay until they are over, new ones go to the other.",
        drain_media_node,
    ),
    Fault(
        "kill-media-node",
        "media node, kill -9",
        "call ended",
        "One of two media nodes dies: its calls end with a reason (moving them is not built); the others go on.",
        kill_media_node,
        in_short=False,
    ),
    Fault(
        "s3",
        "S3 away and back",
        "wrapped up",
        "The store is away while calls are recorded and end: segments wait on disk, go up later, wrap-up completes.",
        lose_store,
        judges_sound=False,
    ),
)


def chosen(names: Sequence[str], *, short: bool) -> list[Fault]:
    """Give the faults of some names, or of a form when none is named. Raises InvalidError(ROW_UNKNOWN)."""
    known = {fault.name: fault for fault in FAULTS}
    for name in names:
        if name not in known:
            raise InvalidError("ROW_UNKNOWN", "there is no such row", row=name, rows=" ".join(known))
    if names:
        return [fault for fault in FAULTS if fault.name in names]
    return [fault for fault in FAULTS if fault.in_short or not short]
