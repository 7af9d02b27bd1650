"""Engines, made once: the model takes seconds to load."""

import pytest

from cordboard.activities.redaction.engine import RedactionEngine


@pytest.fixture(scope="session")
def rules() -> RedactionEngine:
    """Our rules alone."""
    return RedactionEngine.of_own_rules()


@pytest.fixture(scope="session")
def whole() -> RedactionEngine:
    """Our rules and the library engines."""
    return RedactionEngine.create()
