"""A schema of tables that one part of the activities owns, and brings up to date by itself."""

from dataclasses import dataclass
from importlib import resources

from cordboard.activities.postgres.session import Session


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A schema, and the scripts that make it."""

    name: str
    package: str
    """Python package whose folder `migrations` holds `*.sql`, applied in order of their names."""
    lock: int
    """Number of the advisory lock under which one process at a time applies them; unique to the schema."""

    async def migrate(self, session: Session) -> None:
        """Apply the migrations that are missing, all or none, once, however many processes start together."""
        folder = resources.files(self.package) / "migrations"
        scripts = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
        async with session.transaction():
            await session.execute("select pg_advisory_xact_lock($1)", self.lock)
            await session.execute(f"create schema if not exists {self.name}")
            await session.execute(
                f"create table if not exists {self.name}.migration"
                " (name text primary key, applied_at timestamptz not null default now())"
            )
            done = {row["name"] for row in await session.fetch(f"select name from {self.name}.migration")}  # noqa: S608
            for name in scripts:
                if name not in done:
                    await session.execute((folder / name).read_text(encoding="utf-8"))
                    await session.execute(f"insert into {self.name}.migration (name) values ($1)", name)  # noqa: S608
