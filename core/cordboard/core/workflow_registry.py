"""What is registered: the fold of a tenant's registrations, and what makes a registration sound by itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from cordboard.call.v1.script_pb2 import PinnedScript
from cordboard.core import reasons
from cordboard.core.errors import ConflictError, InvalidError
from cordboard.registry.v1.registration_pb2 import WorkflowRegistered
from cordboard.registry.v1.workflow_registry_service_pb2 import WorkflowEntry

MAX_PATIENCE_SECONDS: Final = 600
_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}")
_FOREIGN = re.compile(r"[\x21-\x7e]{1,200}")


def entry_digest(entry: WorkflowEntry) -> bytes:
    """SHA-256 of a registration: the same content, the same digest."""
    return hashlib.sha256(entry.SerializeToString(deterministic=True)).digest()


def check_entry(entry: WorkflowEntry) -> None:
    """Refuse what no registration can be, whatever else is there. Raises InvalidError(ENTRY_INVALID), naming the field.

    Names travel in clear, as parts of workflow ids: nothing may hide in them.
    """
    rules: dict[str, bool] = {
        "name": bool(_NAME.fullmatch(entry.name)),
        "workflow_type": bool(_FOREIGN.fullmatch(entry.workflow_type)),
        "task_queue": bool(_FOREIGN.fullmatch(entry.task_queue)),
        "version": bool(_VERSION.fullmatch(entry.version)),
        "vertical": bool(_FOREIGN.fullmatch(entry.vertical)),
        "input_schema": bool(entry.input_schema),
        "patience": not entry.HasField("patience")
        or 0 < entry.patience.ToTimedelta().total_seconds() <= MAX_PATIENCE_SECONDS,
    }
    for name, sound in rules.items():
        if not sound:
            raise InvalidError("ENTRY_INVALID", f"the registration's {name} is missing or not allowed", field=name)


@dataclass(frozen=True, slots=True)
class Registry:
    """The registered workflows of a tenant: every version there was, and the current one of each name."""

    versions: Mapping[tuple[str, str], WorkflowEntry] = field(default_factory=dict)
    current: Mapping[str, str] = field(default_factory=dict)

    def entry(self, name: str) -> WorkflowEntry | None:
        """The current registration of a name."""
        version = self.current.get(name)
        return None if version is None else self.versions[name, version]

    def entries(self) -> list[WorkflowEntry]:
        """The current registrations, by name."""
        return [self.versions[name, self.current[name]] for name in sorted(self.current)]

    def is_current(self, entry: WorkflowEntry) -> bool:
        """Whether this very registration is the current one of its name."""
        known = self.entry(entry.name)
        return known is not None and entry_digest(known) == entry_digest(entry)

    def check(self, entry: WorkflowEntry) -> None:
        """Raise ConflictError(VERSION_CLASH) when the version is registered with other content."""
        known = self.versions.get((entry.name, entry.version))
        if known is not None and entry_digest(known) != entry_digest(entry):
            raise ConflictError(
                reasons.VERSION_CLASH,
                "this version is registered with other content; give the changed workflow a new version",
                name=entry.name,
                version=entry.version,
            )

    def after(self, event: WorkflowRegistered) -> Registry:
        """The registry after a registration; one that clashes changes nothing."""
        entry = event.entry
        try:
            self.check(entry)
        except ConflictError:
            return self
        return replace(
            self,
            versions={**self.versions, (entry.name, entry.version): entry},
            current={**self.current, entry.name: entry.version},
        )


def fold_registrations(events: Iterable[WorkflowRegistered]) -> Registry:
    """The registry that registrations in order amount to."""
    registry = Registry()
    for event in events:
        registry = registry.after(event)
    return registry


def pin(entry: WorkflowEntry) -> PinnedScript:
    """What a call keeps of the registration that it begins with."""
    return PinnedScript(
        name=entry.name,
        version=entry.version,
        digest=entry_digest(entry),
        workflow_type=entry.workflow_type,
        task_queue=entry.task_queue,
        capabilities=entry.capabilities,
        patience=entry.patience if entry.HasField("patience") else None,
    )
