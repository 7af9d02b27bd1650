import pytest

from cordboard.activities.patient_keys import PatientKeys
from cordboard.core.errors import ForbiddenError, UnavailableError


class Keys:
    """A source that is away for so many times."""

    def __init__(self, away: int, *, forbidden: bool = False) -> None:
        self.asked = 0
        self._away = away
        self._forbidden = forbidden

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        self.asked += 1
        if self._forbidden:
            raise ForbiddenError("PURPOSE_NOT_YOURS", "not yours")
        if self.asked <= self._away:
            raise UnavailableError("PEER_AWAY", "away")
        return b"k" * 32


async def no_pause(_: float) -> None:
    return


async def test_a_ledger_that_comes_back_is_waited_for() -> None:
    keys = Keys(3)
    assert await PatientKeys(keys, pause=no_pause).subkey("c1", "temporal") == b"k" * 32
    assert keys.asked == 4


async def test_one_that_stays_away_is_given_up() -> None:
    keys = Keys(1_000)
    with pytest.raises(UnavailableError):
        await PatientKeys(keys, patience=1.0, pause=no_pause).subkey("c1", "temporal")
    assert keys.asked == 11


async def test_a_refusal_is_final() -> None:
    keys = Keys(0, forbidden=True)
    with pytest.raises(ForbiddenError):
        await PatientKeys(keys, pause=no_pause).subkey("c1", "temporal")
    assert keys.asked == 1
