"""What the kind `reference` answers, after the pieces of a file: what trials compare with."""

from typing import Annotated, Literal

from pydantic import Field

from app.graphs.document import Items, Record, Short, Text


class Reference(Record):
    """The upload was run in eager, on its own inputs and on others like them."""

    type: Literal["reference"]
    why: Text = ""  # nothing can be compared with it
    cases: Annotated[Items[Short], Field(max_length=32)]  # the run's own inputs come first
    left_out: Annotated[Items[Text], Field(max_length=32)]  # what could not be run, and why
