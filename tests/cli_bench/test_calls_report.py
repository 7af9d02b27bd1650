import io
from collections.abc import Mapping

from rich.console import Console

from cordboard.call.v1.call_pb2 import StageTime
from cordboard.call.v1.facts_pb2 import TurnMeasured
from cordboard.cli.bench.calls.ai_load import OUTSIDE, turn_stages
from cordboard.cli.bench.calls.calls_bench import CallsRun, Wanted
from cordboard.cli.bench.calls.calls_figures import ai_figures, bridged_figures
from cordboard.cli.bench.calls.calls_report import CallsReport
from cordboard.cli.bench.calls.core_chart import WIDTH, core_chart
from cordboard.cli.bench.calls.cost import WHOLE_ENGINE, costs
from cordboard.cli.bench.calls.kind import Kind
from cordboard.cli.bench.calls.ladder import Ladder
from cordboard.cli.bench.calls.samples import NO_ANSWER_MS, Quantity, Samples, thinned
from cordboard.cli.bench.calls.step import Step
from cordboard.cli.bench.calls.usage import CALLERS, Usage
from cordboard.cli.bench.machine import Machine

MACHINE = Machine(2, "a processor", "6.1", "CPython 3.11", (0.1, 0.1, 0.1), (1.0, 1.0, 1.0))
IDLE = Usage(8.0, {"ledger-1": 0.01, "voice-agent-1": 0.02, CALLERS: 0.0}, {"ledger-1": 90.0, "voice-agent-1": 500.0})


def samples(**values: tuple[float, ...]) -> Samples:
    kept = Samples()
    names: Mapping[str, Quantity] = {"click": "click", "reply": "reply", "barge_in": "barge_in", "answer": "answer"}
    for name, of_name in values.items():
        for at, value in enumerate(of_name):
            kept.add(names[name], float(at), value)
    return kept


def step(calls: int, reply_ms: float, cores: float) -> Step:
    measured = samples(click=(120.0,), reply=(reply_ms,) * 4, barge_in=(110.0, 130.0), answer=(60.0,))
    usage = Usage(
        40.0,
        {"ledger-1": 0.01 + 0.02 * calls, "voice-agent-1": cores, CALLERS: 0.03 * calls},
        {"ledger-1": 90.0 + calls, "voice-agent-1": 500.0 + 4 * calls},
    )
    stages = [{"asr": 80.0, "dialogue": 2.0}, {"asr": 90.0, "dialogue": 3.0}]
    return Step(calls, float(calls), usage, ai_figures(measured.spreads(0.0, 100.0), stages), {"turns": 4}, (), 1.5)


def run() -> CallsRun:
    ladder = Ladder((1, 2, 4))
    given = iter([step(1, 500, 0.22), step(2, 600, 0.42), step(4, 900, 0.82), step(4, 1200, 0.84)])
    for _ in ladder.climb():
        ladder.take(next(given))
    return CallsRun(Wanted(Kind.AI, 4, None, 40.0), IDLE, ladder)


def test_a_value_counts_where_it_was_measured() -> None:
    spread = samples(reply=(1.0, 2.0, 3.0, 4.0)).spreads(1.0, 2.0)("reply")
    assert spread.values == (2.0, 3.0)


def test_very_many_values_are_thinned_as_they_are_spread() -> None:
    kept = thinned([float(value) for value in range(10_000)], 101)
    assert len(kept) == 101
    assert (kept[0], kept[50], kept[-1]) == (0.0, 5000.0, 9999.0)
    assert thinned([2.0, 1.0], 101) == [1.0, 2.0]


def test_callers_who_get_no_answer_break_the_reply() -> None:
    found = {figure.name: figure for figure in ai_figures(samples(reply=(500.0, NO_ANSWER_MS)).spreads(0, 9), [])}
    assert found["end of speech to first audio of the reply"].met is False
    assert found["click to first audio"].met is None


def test_forwarding_is_judged_by_its_delay_and_against_an_echo() -> None:
    kept = Samples()
    for at in range(100):
        kept.add("forwarded", float(at), 0.3)
        kept.add("echo", float(at), 0.05)
    delay, ratio, *_ = bridged_figures(kept.spreads(0, 100))
    assert delay.met is True
    assert ratio.met is False


def test_each_process_costs_what_its_line_says_and_the_dearest_comes_first() -> None:
    everything, first, second, callers = costs(IDLE, run().ladder.steps, 2)
    assert everything.process == WHOLE_ENGINE
    assert (first.process, second.process, callers.process) == ("voice-agent-1", "ledger-1", CALLERS)
    assert first.cpu.growth == "linear"
    assert round(first.cpu.slope, 2) == 0.2
    assert round(second.memory.slope, 1) == 1.0
    assert second.idle_cores == 0.01


def test_steps_on_a_full_machine_are_left_out_of_the_line_of_cpu() -> None:
    full = Step(8, 8.0, Usage(40.0, {"voice-agent-1": 1.99, CALLERS: 0.0}, {"voice-agent-1": 532.0}), [])
    first = costs(IDLE, [step(1, 500, 0.22), step(2, 500, 0.42), full], 2)[1]
    assert round(first.cpu.slope, 2) == 0.2
    assert round(first.memory.slope, 1) == 4.0


def test_the_report_says_what_broke_and_with_how_many_calls() -> None:
    told = CallsReport(run(), MACHINE).to_json()
    assert told["held"] == 2
    assert told["broke"] == {"calls": 4, "figures": ["end of speech to first audio of the reply"]}
    assert told["verdict"].startswith("2 calls at once hold on 2 cores; with 4 broke: end of speech")
    assert [one["calls"] for one in told["steps"]] == [1, 2, 4, 4]
    assert told["cost"][1]["cpu_cores"]["growth"] == "linear"
    assert told["kind"] == "ai"


def test_people_see_a_table_a_picture_and_the_stages_of_what_broke() -> None:
    out = io.StringIO()
    CallsReport(run(), MACHINE).show(Console(file=out, width=200, highlight=False))
    shown = out.getvalue()
    for words in ("voice-agent-1", "by stage", "asr", "load average", "CPU of 2 cores", "2 calls at once hold"):
        assert words in shown


def test_the_picture_is_as_wide_as_the_machine_and_tells_processes_apart() -> None:
    lines = core_chart(IDLE, [step(1, 500, 0.5), step(4, 500, 1.8)], 2).plain.splitlines()
    bars = [line for line in lines if "|" in line]
    assert [len(line.split("|")[1]) for line in bars] == [WIDTH] * 3
    assert bars[1].count("V") == WIDTH // 4
    assert bars[1].endswith("0.56")
    assert "V voice-agent-1" in lines[-1]


def test_a_turn_knows_what_its_caller_waited_beyond_the_agents_own_stages() -> None:
    measured = TurnMeasured(stages=[StageTime(stage="asr"), StageTime(stage="end_of_turn_wait")])
    measured.stages[0].took.FromMilliseconds(50)
    measured.stages[1].took.FromMilliseconds(380)
    replies = [(1.0, 500.0), (9.0, 600.0)]
    assert turn_stages(measured, 1.5, replies) == {"asr": 50.0, "end_of_turn_wait": 380.0, OUTSIDE: 70.0}
    assert OUTSIDE not in turn_stages(measured, 5.0, replies)
