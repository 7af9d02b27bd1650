"""How long something stood still is measured once, by whoever goes on."""

import pytest

from cordboard.runtime import recovery
from cordboard.runtime.recovery import LEDGER, Outage


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, str]]:
    found: list[tuple[float, str]] = []

    class Histogram:
        def record(self, amount: float, attributes: dict[str, str]) -> None:
            found.append((amount, attributes["kind"]))

    monkeypatch.setattr(recovery, "_RECOVERY", Histogram())
    return found


def test_an_outage_lasts_from_its_first_failure_to_the_first_success(recorded: list[tuple[float, str]]) -> None:
    now = 10.0
    outage = Outage(LEDGER, lambda: now)
    outage.failed()
    now = 11.0
    outage.failed()
    now = 12.5
    outage.works()
    outage.works()
    assert recorded == [(2.5, LEDGER)]


def test_what_never_failed_has_not_recovered(recorded: list[tuple[float, str]]) -> None:
    Outage(LEDGER).works()
    assert recorded == []
