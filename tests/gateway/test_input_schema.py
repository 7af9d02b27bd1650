import json

import pytest

from cordboard.core.errors import InvalidError
from cordboard.gateway.input_schema import check_input, check_schema

SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"number": {"$ref": "#/$defs/number"}, "party": {"type": "integer", "minimum": 1}},
        "required": ["number"],
        "additionalProperties": False,
        "$defs": {"number": {"type": "string", "pattern": r"^\+?[0-9]{7,15}$"}},
    }
)


def doubling(levels: int) -> str:
    """A schema that is small on paper and without end when it is applied."""
    defs = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(levels)}
    return json.dumps(
        {"type": "object", "allOf": [{"$ref": "#/$defs/d0"}], "$defs": defs | {f"d{levels}": {"type": "object"}}}
    )


@pytest.mark.parametrize(
    "schema",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"type": "string"}',
        '{"type": "object", "properties": 7}',
        '{"type": "object", "properties": {"a": {"$ref": "https://example.org/schema"}}}',
        '{"type": "object", "properties": {"a": {"$ref": "#/properties/b"}}}',
        '{"type": "object", "properties": {"a": {"pattern": "(?=a)"}}}',
        '{"type": "object", "patternProperties": {"^a": {}}}',
        '{"type": "object", "allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}}',
        doubling(20),
        '{"type": "object", "description": "' + "x" * 70_000 + '"}',
        '{"type": "object", "a": ' + "[" * 2000 + "]" * 2000 + "}",
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(schema: str) -> None:
    with pytest.raises(InvalidError, match="BAD_SCHEMA"):
        check_schema(schema)


def test_an_input_that_fits_comes_back_in_compact_form() -> None:
    check_schema(SCHEMA)
    assert check_input(SCHEMA, '{ "number": "+15550100", "party": 2 }') == '{"number":"+15550100","party":2}'


@pytest.mark.parametrize(
    "given",
    [
        "",
        "7",
        "no json",
        "{}",
        '{"number": "Ann Poe"}',
        '{"number": "5550100", "more": 1}',
        '{"number": "5550100", "party": 0}',
        '{"number": "' + "5" * 70_000 + '"}',
        "[" * 100_000,
    ],
)
def test_an_input_that_does_not_fit_is_refused_and_not_quoted(given: str) -> None:
    with pytest.raises(InvalidError, match="INPUT_INVALID") as refused:
        check_input(SCHEMA, given)
    assert "Ann" not in f"{refused.value.message} {refused.value.fields}"


def test_a_pattern_takes_linear_time() -> None:
    slow = '{"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}}'
    check_schema(slow)
    with pytest.raises(InvalidError, match="INPUT_INVALID"):
        check_input(slow, json.dumps({"a": "a" * 5_000 + "!"}))
