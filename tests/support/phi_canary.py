"""Looks for what identifies a caller where it must not be: in every form in which it could lie there."""

import base64
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

import asyncpg

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def needles(name: str, digits: str) -> dict[str, bytes]:
    """Give the byte strings that would betray a caller, each with the name of its form; text is in lower case."""
    spoken = " ".join(DIGITS[int(digit)] for digit in digits)
    grouped = f"{digits[:3]}{{0}}{digits[3:6]}{{0}}{digits[6:]}"
    texts = {
        "name": name.lower(),
        "digits": digits,
        "digits with spaces": grouped.format(" "),
        "digits with dashes": grouped.format("-"),
        "digits one by one": " ".join(digits),
        "spoken digits": spoken,
        "spoken digits with oh": spoken.replace("zero", "oh"),
        "spoken digits with commas": spoken.replace(" ", ", "),
    }
    found: dict[str, bytes] = {}
    for form, text in texts.items():
        found[form] = text.encode()
        found[f"{form} in UTF-16"] = text.encode("utf-16-le")
    for form, text in {"name": name, "name in capitals": name.upper(), "digits": digits}.items():
        found[f"{form} in hexadecimal"] = text.encode().hex().encode()
    return found


def encoded(name: str, digits: str) -> dict[str, bytes]:
    """Give what the same is in base64, whose case matters, at each of the three places where it can begin."""
    plain = {"name": name, "name in lower case": name.lower(), "name in capitals": name.upper(), "digits": digits}
    return {f"{form} in base64 at {at}": piece for form, text in plain.items() for at, piece in _shifted(text)}


def _shifted(text: str) -> Iterator[tuple[int, bytes]]:
    data = text.encode()
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + data)
        # Characters that hold bits of what stands before or after are left out.
        first = -(-shift * 8 // 6)
        last = (shift + len(data)) * 8 // 6
        yield shift, whole[first:last]


def traces(name: str, digits: str, files: Iterable[Path]) -> list[str]:
    """Name each file that holds a needle, and in which form it does; the needle itself is not told."""
    return traces_in(name, digits, ((path.name, path.read_bytes()) for path in files))


def traces_in(name: str, digits: str, pieces: Iterable[tuple[str, bytes]]) -> list[str]:
    """Do the same over pieces of data, each with a name."""
    folded, exact = needles(name, digits), encoded(name, digits)
    found: list[str] = []
    for piece, data in pieces:
        lower = data.lower()
        found += [f"{piece}: {form}" for form, needle in folded.items() if needle in lower]
        found += [f"{piece}: {form}" for form, needle in exact.items() if needle in data]
    return found


async def rows_of(connection: "asyncpg.Connection[asyncpg.Record]") -> list[tuple[str, bytes]]:
    """Give all rows of a database, table by table, as they are read: its files may hold long values compressed."""
    tables = await connection.fetch(
        "select schemaname, tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"
    )
    pieces: list[tuple[str, bytes]] = []
    for table in tables:
        rows = io.BytesIO()
        schema, name = table["schemaname"], table["tablename"]
        # A partitioned table is copied by a query only.
        await connection.copy_from_query(f'select * from "{schema}"."{name}"', output=rows, format="binary")
        pieces.append((f"{schema}.{name}", rows.getvalue()))
    return pieces


def files_below(root: Path, *but: Path) -> Iterator[Path]:
    """Give all files below a folder except those below some."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink() and not any(path.is_relative_to(one) for one in but):
            yield path
