"""Brings routing's schema to what this build needs, once, however many workers start together."""

from importlib import resources

from cordboard.activities.routing.postgres.session import Session

_LOCK = 7_215_101
_PACKAGE = "cordboard.activities.routing.postgres"


async def migrate(session: Session) -> None:
    """Apply the migrations that are missing, all or none."""
    folder = resources.files(_PACKAGE) / "migrations"
    scripts = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    async with session.transaction():
        await session.execute("select pg_advisory_xact_lock($1)", _LOCK)
        await session.execute("create schema if not exists routing")
        await session.execute(
            "create table if not exists routing.migration"
            " (name text primary key, applied_at timestamptz not null default now())"
        )
        done = {row["name"] for row in await session.fetch("select name from routing.migration")}
        for name in scripts:
            if name not in done:
                await session.execute((folder / name).read_text(encoding="utf-8"))
                await session.execute("insert into routing.migration (name) values ($1)", name)
