"""Whatever Pydantic can say of a field of ours is said in words of ours."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from fastapi.dependencies.models import Dependant
from pydantic import TypeAdapter, ValidationError

from salw.core.http import field_text
from salw.core.language import LANGUAGES, catalogue
from salw.core.shapes import In
from salw.incidents.schemas import IncidentIn
from salw.main import api_routes

# What each kind of core schema that our bodies and parameters are made of can say (pydantic_core.ErrorType), and
# FastAPI of a body. Of kinds with limits only those limits count that some schema of ours sets.
SAYS = {
    "any": "",
    "bool": "bool_type bool_parsing",
    "chain": "",
    "date": "date_type date_parsing date_from_datetime_parsing date_from_datetime_inexact",
    "datetime": "datetime_type datetime_parsing datetime_from_date_parsing datetime_object_invalid timezone_aware",
    "default": "",
    "definition-ref": "",
    "definitions": "",
    "enum": "enum",
    "function-after": "blank turns_text_round instant_out_of_range",
    "function-before": "datetime_parsing date_parsing",
    "function-wrap": "",
    "int": "int_type int_parsing int_parsing_size int_from_float",
    "list": "list_type",
    "literal": "literal_error",
    "model": "model_type model_attributes_type",
    "model-field": "missing",
    "model-fields": "extra_forbidden",
    "no-info": "",
    "nullable": "",
    "str": "string_type string_unicode",
    "tuple": "tuple_type",
    "uuid": "uuid_type uuid_parsing",
}
LIMITS = {
    "ge": "greater_than_equal",
    "gt": "greater_than",
    "le": "less_than_equal",
    "lt": "less_than",
    "min_length": "too_short",
    "max_length": "too_long",
    "pattern": "string_pattern_mismatch",
}
OF_A_REQUEST = {"json_invalid", "missing"}


def bodies(of: type[In] = In) -> Iterator[type[In]]:
    for body in of.__subclasses__():
        yield body
        yield from bodies(body)


def parameters(dependant: Dependant) -> Iterator[Any]:
    for field in (*dependant.path_params, *dependant.query_params, *dependant.header_params, *dependant.cookie_params):
        kind: Any = Annotated[field.field_info.annotation, field.field_info]
        yield TypeAdapter(kind).core_schema
    for part in dependant.dependencies:
        yield from parameters(part)


def says(schema: Any) -> Iterator[str]:
    """Yield the types of errors of a core schema and of all that it is made of."""
    if isinstance(schema, list | tuple):
        for part in schema:
            yield from says(part)
    elif isinstance(schema, dict):
        kind = schema.get("type")
        if isinstance(kind, str):
            assert kind in SAYS, f"what can {kind!r} say?"
            yield from SAYS[kind].split()
            for limit in LIMITS.keys() & schema.keys():
                length = kind == "str" and limit.endswith("length")
                yield f"string_{LIMITS[limit]}" if length else LIMITS[limit]
        for name, part in schema.items():
            if name not in ("metadata", "serialization"):
                yield from says(part)


def test_every_kind_of_error_of_our_schemas_has_a_text_in_both_languages() -> None:
    said = OF_A_REQUEST | {e for body in bodies() for e in says(body.__pydantic_core_schema__)}
    said |= {e for _, route in api_routes() for schema in parameters(route.dependant) for e in says(schema)}
    assert {"tuple_type", "too_long", "string_too_long", "string_pattern_mismatch", "int_parsing_size"} <= said
    missing = {(e, language) for e in said for language in LANGUAGES if f"field.{e}" not in catalogue(language)}
    assert missing == set()


@pytest.mark.parametrize("field", ["weapons", "loss_lines", "marks"])
def test_a_text_in_place_of_a_list_is_told_that_a_list_is_expected(field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        IncidentIn.model_validate({"kind": "lost", field: "1"})
    (error,) = (e for e in refused.value.errors() if e["loc"] == (field,))
    assert field_text(error, "fr") == "Une liste est attendue"
    assert field_text(error, "en") == "A list is expected"
