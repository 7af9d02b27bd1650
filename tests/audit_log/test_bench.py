"""The measurement itself: it measures, and what it appends is in order."""

from pathlib import Path

from ledger_server import ledger_server

from cordboard.audit_log.bench import measure_database, measure_ledger


async def test_measures_copy_and_the_appender_on_a_database_of_its_own(postgres_url: str) -> None:
    rates = await measure_database(postgres_url, events=320, rounds=2)
    assert rates.copy > 0
    assert rates.appender > 0
    assert rates.appender_ratio > 0


async def test_measures_a_ledger_through_its_client(tmp_path: Path) -> None:
    async with ledger_server(tmp_path) as server:
        voice = server.client("voice-agent")
        assert await measure_ledger(server.client("cli"), voice, "voice-agent/voice-agent-1/boot", events=400) > 0
        verified = [progress async for progress in server.client("cli").verify()]
    assert verified[-1].events == 404
    assert not [fault for progress in verified for fault in progress.faults]
