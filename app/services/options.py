"""The options of a run: what a person may choose about how a script is diagnosed."""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
)

from app.errors import StagelightError
from app.models.component import Role
from app.text import NO_NUL

DIMENSION_WORDS = frozenset({"AUTO", "DYNAMIC", "STATIC"})

_DIMENSION = re.compile(r"-?\d{1,3}")
_MODULE_PATH = re.compile(r"[\w.*?\[\]!-]{1,400}")
_DEPTH = 8  # nested containers of dynamic_shapes
_JSON_CHARACTERS = 20_000  # of the options as a whole, as JSON

Argument = Annotated[str, Field(max_length=4_000, pattern=NO_NUL)]
Paths = Annotated[list[str], Field(max_length=64)]


class OptionsError(StagelightError):
    """The options of a run make no sense. No run was made."""

    code = "bad_options"
    status = 422


class RunOptions(BaseModel):
    """How a script is run and exported. Every field has a default that suits most scripts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    argv: Annotated[list[Argument], Field(max_length=100)] = []  # after the script's name
    call: Annotated[int, Field(ge=1, le=1_000)] = 1  # which export call of the script, from 1
    device: Literal["auto", "as_written"] = "auto"  # auto: cuda becomes cpu where there is none
    strict: bool | None = None  # None: as the script says, else torch's default
    stages: Paths | dict[Role, str | Paths] | None = None  # module paths or globs, or by role
    dynamic_shapes: JsonValue = None  # see check_shapes
    # What is tried after the verdict.
    remedies: bool = True  # fixes of what stops the model
    dynamic: bool = True  # what each input dimension can be
    draft: bool = False  # torch's draft_export, which proves nothing
    onnx: bool = False  # torch.onnx.export

    @field_validator("stages", mode="before")
    @classmethod
    def _check_stages(cls, value: Any) -> Any:
        if value is not None and not isinstance(value, list | dict):
            raise ValueError("must be a list of module paths, or an object from role to paths")
        roles = [role.value for role in Role]
        if isinstance(value, dict) and (odd := [key for key in value if key not in roles]):
            raise ValueError(f"{odd[0]!r} is no role; the roles are {', '.join(roles)}")
        return value

    @field_validator("stages")
    @classmethod
    def _check_paths(cls, value: Any) -> Any:
        groups = value.values() if isinstance(value, dict) else [value or []]
        for group in groups:
            for path in [group] if isinstance(group, str) else group:
                if not _MODULE_PATH.fullmatch(path):
                    raise ValueError(f"{path!r} is no module path; write e.g. backbone.layer4")
        return value

    @field_validator("dynamic_shapes")
    @classmethod
    def _check_shapes(cls, value: JsonValue) -> JsonValue:
        if value is not None and not isinstance(value, list | dict):
            raise ValueError("must be a list (by position) or an object (by argument name)")
        check_shapes(value)
        return value


def parse_options(text: str) -> RunOptions:
    """Read options from JSON text; OptionsError says which key is wrong and how."""
    if len(text) > _JSON_CHARACTERS:
        raise OptionsError(f"The options are longer than {_JSON_CHARACTERS:,} characters.")
    try:
        value = json.loads(text) if text.strip() else {}
    except (json.JSONDecodeError, RecursionError) as error:
        raise OptionsError(
            f"The options are not JSON: {error}.", 'Write an object, e.g. {"call": 2}.'
        ) from None
    if not isinstance(value, dict):
        raise OptionsError("The options must be a JSON object.", 'Write e.g. {"call": 2}.')
    return make_options(value)


def make_options(value: dict[str, Any]) -> RunOptions:
    """Validate options given as data; OptionsError says which key is wrong and how."""
    try:
        return RunOptions.model_validate(value)
    except ValidationError as error:
        raise OptionsError(_describe(error), f"Known options: {', '.join(known())}.") from None


def every_option(stored: Mapping[str, Any]) -> dict[str, JsonValue]:
    """A run's options as data; those that an older run did not have yet are the defaults."""
    return RunOptions.model_validate(stored).model_dump(mode="json")


def known() -> tuple[str, ...]:
    """The names of all options."""
    return tuple(RunOptions.model_fields)


def check_shapes(value: JsonValue, depth: int = 0) -> None:
    """Raise ValueError where `value` is no dynamic_shapes.

    A list or object of inputs, nested like the inputs are; a tensor is null (nothing dynamic) or
    an object from dimension to what it may be: {"0": "batch", "2": {"name": "t", "min": 4}}.
    """
    if value is None:
        return
    if depth > _DEPTH:
        raise ValueError(f"nested deeper than {_DEPTH} levels")
    if isinstance(value, list):
        for item in value:
            check_shapes(item, depth + 1)
    elif not isinstance(value, dict):
        raise ValueError(f"{value!r} is no input; write null or an object of dimensions")
    elif value and all(_DIMENSION.fullmatch(key) for key in value):
        for key, dimension in value.items():
            _check_dimension(key, dimension)
    else:
        for item in value.values():
            check_shapes(item, depth + 1)


def _check_dimension(key: str, value: JsonValue) -> None:
    if value is None or (isinstance(value, str) and value.isidentifier()):
        return
    if not isinstance(value, dict):
        words = ", ".join(sorted(DIMENSION_WORDS))
        raise ValueError(f"dimension {key}: write a name, {words}, null, or an object with a name")
    if unknown := sorted(value.keys() - {"name", "min", "max"}):
        raise ValueError(f"dimension {key}: {unknown[0]!r} is not one of name, min, max")
    name = value.get("name")
    if not isinstance(name, str) or not name.isidentifier() or name in DIMENSION_WORDS:
        raise ValueError(f"dimension {key}: needs a name that is a Python identifier")
    bounds = [value.get(bound) for bound in ("min", "max")]
    if any(b is not None and (type(b) is not int or b < 0) for b in bounds):
        raise ValueError(f"dimension {key}: min and max must be whole numbers")
    low, high = (b if isinstance(b, int) else None for b in bounds)
    if low is not None and high is not None and low > high:
        raise ValueError(f"dimension {key}: min {low} is larger than max {high}")


def _describe(error: ValidationError) -> str:
    """The first problem, in one sentence, named by the option's own key."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    text = first["msg"].removeprefix("Value error, ").rstrip(".")
    where = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "extra_forbidden":
        return f"There is no option {where!r}."
    return f"Option {where}: {text}." if where else f"Options: {text}."
