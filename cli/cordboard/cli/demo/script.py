"""Who calls in a demo, and what they say.

A script is a JSON file: a persona, and lines for the questions an agent may ask. `script.schema.json` beside
this module is its contract. Lines that a script leaves out are made from the persona, so four facts about a
person are a complete script.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from cordboard.core.errors import InvalidError

SCRIPTS = Path(__file__).parent / "scripts"
SCHEMA = Path(__file__).parent / "script.schema.json"


class Ask(StrEnum):
    """What an agent may want from the caller."""

    CONSENT = "consent"
    REASON = "reason"
    NAME = "name"
    SPELLING = "spelling"
    CALLBACK_NUMBER = "callback_number"
    URGENCY = "urgency"
    SLOT = "slot"
    CONFIRM = "confirm"
    ANYTHING_ELSE = "anything_else"


DEFAULT_ORDER = tuple(ask for ask in Ask if ask not in ("spelling", "confirm"))

_TELLING = ("name", "reason", "callback_number", "urgency", "correct")

_URGENCY_LINES = {
    "routine": "It can wait a few days.",
    "soon": "I would like to be seen soon.",
    "urgent": "Yes, it is urgent.",
}


@dataclass(frozen=True, slots=True)
class Persona:
    """The person who calls."""

    name: str
    callback_number: str
    reason: str
    urgency: str
    preferred_time: str = ""
    consents: bool = True
    wants_human: bool = False

    @property
    def digits(self) -> str:
        """The callback number, digits only."""
        return re.sub(r"\D", "", self.callback_number)

    @property
    def spoken_number(self) -> str:
        """The callback number digit by digit, with a pause where the script has a space or a hyphen."""
        groups = re.findall(r"\d+", self.callback_number)
        return ", ".join(" ".join(group) for group in groups)

    @property
    def spelled_name(self) -> str:
        """The name letter by letter."""
        return ". ".join(", ".join(word.upper()) for word in re.findall(r"[^\W\d_]+", self.name))


@dataclass(frozen=True, slots=True)
class Script:
    """One caller and what they say."""

    title: str
    vertical: str
    persona: Persona
    lines: Mapping[str, tuple[str, ...]]
    order: tuple[Ask, ...] = DEFAULT_ORDER
    wants_human_at: Ask | None = None
    interrupts_at: Ask | None = None
    """The question that the caller talks over instead of hearing it out."""
    source: str = field(default="", compare=False)

    def spoken_lines(self) -> list[str]:
        """Every line the caller may say, once, in a stable order."""
        return list(dict.fromkeys(line for variants in self.lines.values() for line in variants))

    def telling_lines(self) -> set[str]:
        """The lines that tell who the caller is and what is the matter: those that people say clearly."""
        return {line for name in _TELLING for line in self.lines[name]}


def shipped_scripts() -> list[Path]:
    """Files of the scripts that come with the package, in the order of their names."""
    return sorted(SCRIPTS.glob("*.json"))


def load_script(path: Path) -> Script:
    """Read a script file.

    Raises InvalidError with reason SCRIPT_UNREADABLE or SCRIPT_INVALID; the message names the place.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidError("SCRIPT_UNREADABLE", f"no JSON script at {path}: {error}") from error
    return parse_script(document, source=str(path))


def parse_script(document: Any, *, source: str = "") -> Script:
    """Make a script from a decoded JSON document, filling in the lines it leaves out."""
    validator = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    for error in sorted(validator.iter_errors(document), key=lambda e: list(map(str, e.absolute_path))):
        place = "/".join(map(str, error.absolute_path)) or "the document"
        raise InvalidError("SCRIPT_INVALID", f"at {place}: {error.message}")
    persona = Persona(**document["persona"])
    human_at = Ask(document.get("wants_human_at", Ask.SLOT)) if persona.wants_human else None
    order = tuple(Ask(name) for name in document.get("order", ())) or DEFAULT_ORDER
    return Script(
        title=document.get("title", persona.name),
        vertical=document.get("vertical", "healthcare"),
        persona=persona,
        lines=_lines(persona, document.get("lines", {})),
        order=order,
        wants_human_at=human_at,
        interrupts_at=Ask(document["interrupts_at"]) if "interrupts_at" in document else None,
        source=source,
    )


def _lines(persona: Persona, given: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    merged = {**_default_lines(persona), **{name: tuple(lines) for name, lines in given.items()}}
    facts = {
        "name": persona.name,
        "spelled_name": persona.spelled_name,
        "callback_number": persona.spoken_number,
        "reason": persona.reason,
        "preferred_time": persona.preferred_time or "the first one",
    }
    return {name: tuple(_fill(line, facts) for line in lines) for name, lines in merged.items()}


def _fill(line: str, facts: Mapping[str, str]) -> str:
    def fact(match: re.Match[str]) -> str:
        if match[1] not in facts:
            raise InvalidError("SCRIPT_INVALID", f"no such placeholder: {{{match[1]}}}")
        return facts[match[1]]

    return re.sub(r"\{(\w+)\}", fact, line)


def _default_lines(persona: Persona) -> dict[str, tuple[str, ...]]:
    consent = "Yes, that is fine." if persona.consents else "No, please do not record this call."
    return {
        "consent": (consent, "Yes." if persona.consents else "No."),
        "reason": ("I am calling about {reason}.", "It is about {reason}."),
        # A word or two before the name gives recognition something to hold on to.
        "name": ("Sure, it is {name}.", "My name is {name}.", "{name}."),
        "spelling": ("{spelled_name}.",),
        "callback_number": ("My number is {callback_number}.", "It is {callback_number}."),
        "urgency": (_URGENCY_LINES[persona.urgency],),
        "slot": ("The first one, please.", "The first one."),
        "confirm": ("Yes, that is right.", "Yes."),
        "anything_else": ("No, that is all, thank you.", "No, thank you."),
        "human": ("I would rather speak to a person, please.", "Can I talk to a human, please?"),
        "correct": ("No, my number is {callback_number}.",),
    }
