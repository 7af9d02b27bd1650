"""Ports of a folder."""

import socket
from pathlib import Path

import pytest

from cordboard.cli.supervision.port_book import FIRST, LAST, PortBook
from cordboard.cli.supervision.state_directory import StateDirectory


@pytest.fixture
def directory(tmp_path: Path) -> StateDirectory:
    made = StateDirectory(tmp_path)
    made.create()
    return made


def test_a_port_is_remembered(directory: StateDirectory) -> None:
    port = PortBook(directory).port("postgres.sql")
    assert FIRST <= port <= LAST
    assert PortBook(directory).port("postgres.sql") == port


def test_two_names_never_share_a_port(directory: StateDirectory) -> None:
    book = PortBook(directory)
    assert len({book.port(f"worker-{number}.grpc") for number in range(100)}) == 100


def test_only_a_port_that_somebody_else_holds_is_given_up(directory: StateDirectory) -> None:
    book = PortBook(directory)
    taken, kept = book.port("s3.http"), book.port("temporal.grpc")
    assert not book.renew("s3")
    with socket.create_server(("127.0.0.1", taken)):
        assert book.renew("s3")
        assert book.port("s3.http") != taken
    assert not book.renew("temporal")
    assert book.port("temporal.grpc") == kept
