"""The gateway as a process of its own, with nothing behind it."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import aiohttp
import pytest
from gateway_house import OFFER

from cordboard.runtime.identity import UserTokenIssuer, create_keys


def _environment(home: Path) -> dict[str, str]:
    return {
        **os.environ,
        "CORDBOARD_HOME": str(home),
        "CORDBOARD_INSTANCE": "gateway-1",
        # Nothing listens on port 1.
        "CORDBOARD_LEDGER": "127.0.0.1:1",
        "CORDBOARD_TEMPORAL": "127.0.0.1:1",
    }


async def _spawn(environment: dict[str, str]) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    program = (sys.executable, "-m", "cordboard.gateway")
    return await asyncio.create_subprocess_exec(*program, env=environment, stdout=pipe, stderr=pipe)


async def test_the_process_serves_without_its_neighbours_and_ends_when_asked(tmp_path: Path) -> None:
    create_keys(tmp_path / "keys")
    process = await _spawn(_environment(tmp_path))
    try:
        assert process.stdout is not None
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
        assert ready["ready"] is True
        assert ready["grpc"].startswith("127.0.0.1:")
        caller = UserTokenIssuer.load(tmp_path / "keys").mint(
            role="caller", tenant="clinic", vertical="healthcare", scopes=["calls:start"]
        )
        headers = {"Authorization": f"Bearer {caller}", "Content-Type": "application/sdp"}
        async with aiohttp.ClientSession(f"http://{ready['http']}") as http:
            async with http.get("/healthz") as healthy:
                assert healthy.status == 200
            async with http.get("/readyz") as away:
                assert (away.status, (await away.json())["reason"]) == (503, "LEDGER_AWAY")
            async with http.post("/v1/legs", data=OFFER, headers=headers) as refused:
                assert (refused.status, (await refused.json())["reason"]) == (503, "LEDGER_AWAY")
        process.send_signal(signal.SIGTERM)
        _, logged = await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0
    assert b"127.0.0.1" not in logged
    assert caller.encode() not in logged
    assert all(json.loads(line)["level"] for line in logged.splitlines())


@pytest.mark.parametrize("missing", ["CORDBOARD_INSTANCE", "CORDBOARD_LEDGER", "CORDBOARD_TEMPORAL"])
async def test_the_process_names_the_setting_that_it_lacks(tmp_path: Path, missing: str) -> None:
    create_keys(tmp_path / "keys")
    environment = _environment(tmp_path)
    del environment[missing]
    process = await _spawn(environment)
    _, logged = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert b"SETTING_MISSING" in logged
    assert missing.encode() in logged
