"""What the kind `repro` answers: scripts that may fail as the whole does, or one that does."""

from typing import Annotated, Literal

from pydantic import Field

from app.graphs.document import Count, Items, Record, Short

Script = Annotated[str, Field(max_length=200_000)]
Scripts = Annotated[Items[Script], Field(max_length=16)]


class Repro(Record):
    """Asked to propose: scripts for each cause, small ones first, and the class of the module that
    runs its line. Asked to reduce: the reduced one alone, or nothing where none fails alike.
    """

    type: Literal["repro"]
    scripts: Annotated[Items[Scripts], Field(max_length=64)] = []
    classes: Annotated[Items[Short], Field(max_length=64)] = []
    tried: Count = 0  # scripts that were run
