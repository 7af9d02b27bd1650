"""Makes every warning of a folder's tests an error: what they leave behind unclosed or unawaited too."""

from collections.abc import Iterable
from pathlib import Path

import pytest


def make_strict(items: Iterable[pytest.Item], folder: Path) -> None:
    """Mark the tests in a folder."""
    for item in items:
        if item.path.is_relative_to(folder):
            item.add_marker(pytest.mark.filterwarnings("error"))
