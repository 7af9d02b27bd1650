"""Brings the schema to what this build needs, once, however many processes start together."""

from collections.abc import Iterator
from importlib import resources

from cordboard.audit_log.postgres.database import Session

_LOCK = 7_215_001
_FOLDER = "migrations"


def migrations() -> Iterator[tuple[int, str, str]]:
    """Give (number, name, SQL) of each migration in order."""
    folder = resources.files("cordboard.audit_log") / _FOLDER
    for entry in sorted(folder.iterdir(), key=lambda found: found.name):
        if entry.name.endswith(".sql"):
            yield int(entry.name.split("_", 1)[0]), entry.name, entry.read_text(encoding="utf-8")


async def migrate(connection: Session) -> list[str]:
    """Apply the migrations that are missing, each in a transaction, and give their names."""
    applied: list[str] = []
    await connection.execute("select pg_advisory_lock($1)", _LOCK)
    try:
        await connection.execute("create schema if not exists ledger")
        await connection.execute(
            "create table if not exists ledger.migration"
            " (number int primary key, name text not null, applied_at timestamptz not null default now())"
        )
        done = {row["number"] for row in await connection.fetch("select number from ledger.migration")}
        for number, name, sql in migrations():
            if number in done:
                continue
            async with connection.transaction():
                await connection.execute(sql)
                await connection.execute("insert into ledger.migration (number, name) values ($1, $2)", number, name)
            applied.append(name)
    finally:
        await connection.execute("select pg_advisory_unlock($1)", _LOCK)
    return applied
