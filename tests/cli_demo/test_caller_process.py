import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from far_end import BeepingAgent

from cordboard.cli.demo.caller import CallerJob, Door
from cordboard.cli.demo.caller_process import CallerProcess
from cordboard.cli.demo.sound import OPUS_RATE, level_dbov, read_wav
from cordboard.core.errors import CordboardError

PERSONA = {"name": "Ann Poe", "callback_number": "555 014 2233", "reason": "a rash", "urgency": "soon"}


def _job(tmp_path: Path, **script: Any) -> CallerJob:
    path = tmp_path / "script.json"
    path.write_text(json.dumps({"persona": PERSONA, **script}))
    return CallerJob(script=str(path), speech=str(tmp_path / "speech"), out=str(tmp_path / "out"))


async def test_a_caller_process_speaks_rendered_lines_and_keeps_what_went_over_the_wire(tmp_path: Path) -> None:
    """Beeps have no words, so the caller prompts once after the greeting, and the beeping agent hangs up."""
    events: list[dict[str, Any]] = []
    async with (
        BeepingAgent(2) as agent,
        CallerProcess.start(_job(tmp_path, order=["reason"]), tmp_path / "caller.log", events.append) as caller,
    ):
        await caller.ready()
        call_id = await caller.call(Door(agent.address, "single-use"))
        report = await caller.report()
    assert call_id == report["call_id"] == "c-1"
    assert agent.tokens == ["Bearer single-use"]
    assert [line["name"] for line in report["conversation"]["said"]] == ["reason"]
    assert report["conversation"]["outcome"] == "FAR_END_HUNG_UP"
    assert report["offer_to_first_audio_ms"] > 0
    received, rate = read_wav(tmp_path / "out" / "received.wav")
    assert rate == OPUS_RATE
    assert len(received) > OPUS_RATE
    assert level_dbov(received) > -40
    assert (tmp_path / "out" / "received.wav").stat().st_mode & 0o077 == 0, "what was said is nobody else's"
    sent, _ = read_wav(tmp_path / "out" / "sent.wav")
    assert level_dbov(sent) > -40
    assert "single-use" not in (tmp_path / "caller.log").read_text()


async def test_a_caller_that_is_refused_says_why(tmp_path: Path) -> None:
    async with (
        BeepingAgent(1, refuse=(403, "SCOPE_MISSING")) as agent,
        CallerProcess.start(_job(tmp_path), tmp_path / "caller.log", lambda _: None) as caller,
    ):
        await caller.ready()
        with pytest.raises(CordboardError) as caught:
            await caller.call(Door(agent.address, "poor"))
    assert caught.value.reason == "SCOPE_MISSING"


async def test_a_caller_with_a_wrong_script_never_gets_ready(tmp_path: Path) -> None:
    job = _job(tmp_path, lines={"weather": ["Nice."]})
    async with CallerProcess.start(job, tmp_path / "caller.log", lambda _: None) as caller:
        with pytest.raises(CordboardError) as caught:
            await caller.ready()
    assert caught.value.reason == "SCRIPT_INVALID"


async def test_a_caller_is_gone_when_whoever_started_it_leaves(tmp_path: Path) -> None:
    async with CallerProcess.start(_job(tmp_path), tmp_path / "caller.log", lambda _: None) as caller:
        pass
    with pytest.raises(CordboardError) as caught:
        await caller.report()
    assert caught.value.reason == "CALLER_DIED"


def test_a_voice_that_is_not_the_agents_is_there() -> None:
    from cordboard.cli.demo.voice import Espeak, installed_voice

    assert installed_voice().name.startswith(("piper", "espeak"))
    assert Espeak.is_installed() is (shutil.which("espeak-ng") is not None)
