"""The file that keeps what the ledger has not acknowledged."""

import errno
import os
import stat
from pathlib import Path

import pytest

from cordboard.runtime.ledger_client.spool import FileSpool, leftovers


def test_gives_back_what_was_written_by_offset_and_in_order(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path / "a.spool")
    offsets = spool.append([b"one", b""]) + spool.append([b"three"])
    assert [spool.read(offset) for offset in offsets] == [b"one", b"", b"three"]
    assert list(spool.records()) == [b"one", b"", b"three"]
    spool.close(keep=False)


def test_only_its_user_can_read_it(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path / "deep" / "a.spool")
    assert stat.S_IMODE((tmp_path / "deep" / "a.spool").stat().st_mode) == 0o600
    spool.close(keep=False)


def test_is_found_by_the_next_process_only_after_its_own_is_gone(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path / "a.spool")
    spool.append([b"one"])
    assert list(leftovers(tmp_path)) == []
    spool.close(keep=True)
    (left,) = leftovers(tmp_path)
    assert list(left.records()) == [b"one"]
    left.close(keep=False)
    assert list(tmp_path.iterdir()) == []


def test_what_a_crash_left_half_written_ends_the_records(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path / "a.spool")
    spool.append([b"one", b"two"])
    spool.close(keep=True)
    whole = (tmp_path / "a.spool").read_bytes()
    for cut in range(1, 11):
        (tmp_path / "a.spool").write_bytes(whole[:-cut])
        (left,) = leftovers(tmp_path)
        assert list(left.records()) == [b"one"]
        left.close(keep=True)


def test_a_damaged_record_is_not_handed_out(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path / "a.spool")
    (offset,) = spool.append([b"one"])
    with (tmp_path / "a.spool").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"X")
    with pytest.raises(OSError, match="damaged"):
        spool.read(offset)
    spool.close(keep=False)


def test_a_full_disk_leaves_no_half_record_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = FileSpool(tmp_path / "a.spool")
    spool.append([b"one"])
    real = os.pwrite

    def full(descriptor: int, data: bytes, offset: int) -> int:
        real(descriptor, data[:5], offset)
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="no space"):
        spool.append([b"two"])
    monkeypatch.setattr(os, "pwrite", real)
    spool.append([b"three"])
    assert list(spool.records()) == [b"one", b"three"]
    spool.close(keep=False)


def test_is_empty_after_clear(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path / "a.spool")
    spool.append([b"one"])
    spool.clear()
    assert list(spool.records()) == []
    spool.append([b"two"])
    assert list(spool.records()) == [b"two"]
    spool.close(keep=False)


def test_what_was_refused_is_set_aside_under_another_name(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path / "a.spool")
    spool.append([b"one"])
    spool.set_aside()
    assert [path.name for path in tmp_path.iterdir()] == ["a.refused"]
    assert list(leftovers(tmp_path)) == []
