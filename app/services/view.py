"""The base of all that the API answers with."""

from pydantic import BaseModel, ConfigDict


class View(BaseModel):
    """A frozen answer. Reads from rows' attributes; what it does not know, it leaves."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")
