"""JSON Schemas of registered workflows' inputs, and inputs that have to fit them.

Schemas come from outside, so they cannot make the gateway fetch anything, and their patterns run in linear time.
"""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import re2
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from cordboard.core.errors import InvalidError

MAX_SCHEMA_BYTES = 64 * 1024
MAX_INPUT_BYTES = 64 * 1024
MAX_DEPTH = 32
MAX_STEPS = 5_000
"""Parts of a schema, those that references lead to counted anew each time."""
_REFERENCES = ("$ref", "$dynamicRef")


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and _compiled(pattern).search(instance) is None:
        yield ValidationError("a text does not match its pattern")


_Validator: Any = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]  # has no types


def check_schema(text: str) -> None:
    """Raise InvalidError(BAD_SCHEMA), with what is wrong, unless `text` is a JSON Schema (2020-12) of an object."""
    if len(text.encode()) > MAX_SCHEMA_BYTES:
        raise _bad_schema("it is too large")
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad_schema("it is no JSON") from error
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise _bad_schema("it does not describe an object")
    _check_part(schema, 0)
    _steps(schema, schema.get("$defs", {}), frozenset(), {})
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise _bad_schema(f"at /{'/'.join(map(str, error.absolute_path))}") from error


def _check_part(part: Any, depth: int) -> None:
    """Refuse what would reach outside, or take for ever."""
    if depth > MAX_DEPTH:
        raise _bad_schema("it is too deep")
    if isinstance(part, list):
        for one in part:
            _check_part(one, depth + 1)
    if not isinstance(part, dict):
        return
    for keyword in _REFERENCES:
        if isinstance(part.get(keyword), str) and not part[keyword].startswith("#/$defs/"):
            raise _bad_schema(f"{keyword} leads out of its own $defs")
    if "patternProperties" in part:
        raise _bad_schema("patternProperties is not supported")
    pattern = part.get("pattern")
    if isinstance(pattern, str):
        try:
            _compiled(pattern)
        except re2.error as error:
            raise _bad_schema("a pattern is none of RE2's") from error
    for one in part.values():
        _check_part(one, depth + 1)


def _steps(part: Any, defs: Any, above: frozenset[str], known: dict[str, int]) -> int:
    """Count what an input may be held against. Raises BAD_SCHEMA when that is without end, or too much."""
    count = 1
    children = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    for child in children:
        count += _steps(child, defs, above, known)
    if isinstance(part, dict):
        for keyword in _REFERENCES:
            name = part[keyword].removeprefix("#/$defs/") if isinstance(part.get(keyword), str) else ""
            if not name:
                continue
            if name in above:
                raise _bad_schema("a definition refers to itself")
            if name not in known:
                known[name] = _steps(defs.get(name) if isinstance(defs, dict) else None, defs, above | {name}, known)
            count += known[name]
    if count > MAX_STEPS:
        raise _bad_schema("it is too large")
    return count


def check_input(schema: str, text: str) -> str:
    """Give the input in compact JSON. Raises InvalidError(INPUT_INVALID) with the place that does not fit.

    The error names the place and the rule, and nothing of the input: it may be about a person.
    """
    if len(text.encode()) > MAX_INPUT_BYTES:
        raise _bad_input("it is too large")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad_input("it is no JSON") from error
    validator = _Validator(json.loads(schema), registry=Registry(), format_checker=None)
    try:
        fault = next(iter(validator.iter_errors(value)), None)
    except (Unresolvable, RecursionError) as error:
        raise _bad_input("its schema cannot be applied") from error
    if fault is not None:
        place = "/".join(str(step) if isinstance(step, int) else step[:40] for step in fault.absolute_schema_path)
        raise _bad_input("it does not fit its schema", rule=f"/{place}"[:200])
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _bad_schema(why: str) -> InvalidError:
    return InvalidError("BAD_SCHEMA", f"the input schema cannot be used: {why}")


def _bad_input(why: str, **fields: str) -> InvalidError:
    return InvalidError("INPUT_INVALID", f"the workflow's input cannot be used: {why}", **fields)
