"""The address of a comparison of two runs: all that its page shows is in the query."""

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.errors import StagelightError

Section = Literal[
    "", "stops", "stages", "guards", "script", "options", "model", "environment", "times",
    "coverage",
]  # fmt: skip
Text = Annotated[str, Field(max_length=2_000)]

_ID = r"([0-9]{1,18})"
_RUNS = (
    re.compile(rf"(?:run\s*)?#?\s*{_ID}", re.IGNORECASE),
    re.compile(rf"(?:.*/)?runs/{_ID}(?:[/?#].*)?"),
)


class RunNameError(StagelightError):
    """What was entered names no run."""

    code = "bad_run_name"
    status = 422


class CompareAddress(BaseModel):
    """The query of the page. `base` and `head` are as a person enters them: see `run_named`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    base: Text = ""
    head: Text = ""
    hide: Literal["", "same"] = ""
    only: Section = ""

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: Any) -> Any:
        """A form sends every field, and people leave spaces."""
        texts = {name: value.strip() for name, value in data.items() if isinstance(value, str)}
        return {name: value for name, value in {**data, **texts}.items() if value not in ("", None)}

    @property
    def complete(self) -> bool:
        """Whether it names two runs."""
        return bool(self.base and self.head)

    def to(self, **changes: object) -> str:
        """The page with some of it changed."""
        fields = {**self.model_dump(), **changes}
        pairs = {name: value for name, value in fields.items() if value not in ("", None)}
        return f"/compare?{urlencode(pairs, errors='replace')}" if pairs else "/compare"

    def kept(self, *names: str) -> list[tuple[str, str]]:
        """Fields of a form that keep all but these."""
        return [(name, value) for name, value in self if value and name not in names]


def run_named(text: str) -> int:
    """The number of the run that a text names: `12`, `run 12`, `#12`, or its page's address."""
    for pattern in _RUNS:
        if match := pattern.fullmatch(text):
            return int(match[1])
    raise RunNameError(
        f"{text[:80]!r} names no run.",
        "Enter the number of a run (12), or the address of its page.",
    )
