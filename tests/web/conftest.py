"""The house that the pages' tests live in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from page_house import PageHouse, open_page_house
from playwright.async_api import expect

# The machine may have other things to do.
expect.set_options(timeout=20_000)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[PageHouse]:
    """A gateway with pages, a media node and a browser; nothing may go wrong in any page."""
    async with open_page_house(tmp_path) as opened:
        yield opened
        assert opened.errors == []
