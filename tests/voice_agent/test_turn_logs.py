"""What is logged in a conversation carries the turn that it is about."""

from typing import Any

import pytest
from voice_agent_call import MemoryCall

from cordboard.call.v1.facts_pb2 import ReplyPlanned
from cordboard.runtime.log_context import bound_ids
from cordboard.voice_agent.fact_log import MemoryFactLog


async def test_lines_that_a_turn_leads_to_carry_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str]] = []
    record = MemoryFactLog.record

    def noted(log: MemoryFactLog, event: Any, **about: Any) -> None:
        if isinstance(event, ReplyPlanned):
            seen.append((event.turn_id, bound_ids().get("turn_id", "")))
        record(log, event, **about)

    monkeypatch.setattr(MemoryFactLog, "record", noted)
    async with MemoryCall() as call:
        await call.listen()
        await call.say("Yes, that's fine.")
        await call.say("Maria Lopez.")
    assert [turn for turn, _ in seen] == ["", "t1", "t2"]
    assert all(turn == bound for turn, bound in seen)
