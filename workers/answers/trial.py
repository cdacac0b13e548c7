"""What the kind `trial` answers: a changed script beside what the upload gave."""

from typing import Annotated, Literal

from pydantic import Field

from app.graphs.document import Items, Record, Short, Text
from app.models import ReplayStatus, Search
from workers.events import BlockerReport, FailureReport, OneOf, OutputDifference, Seconds


class TrialCase(Record):
    """One set of inputs, in words. `refused`: the changed code, or its program, raised."""

    inputs: Short
    status: Literal["equal", "different", "refused"]
    why: Text = ""
    other_sizes: bool = False  # of the dimensions that the call asks to be dynamic
    outputs: Annotated[Items[OutputDifference], Field(max_length=200)] = []

    @property
    def replay(self) -> ReplayStatus:
        """The status as a replay has it."""
        return ReplayStatus.NOT_RUN if self.status == "refused" else ReplayStatus(self.status)


Cases = Annotated[Items[TrialCase], Field(max_length=32)]


class Trial(Record):
    """The changed code in eager, plain torch.export.export of it, and its program.

    Export is not tried where eager already gives something else. `failure` and `blockers` are
    of the changed script: their lines are its own.
    """

    type: Literal["trial"]
    why: Text = ""  # nothing could be compared
    eager: Cases = []
    changed: Text = ""  # outputs of another kind or in another place, with the same values
    exported: bool = False
    seconds: Seconds | None = None  # of the export
    failure: FailureReport | None = None
    blockers: Annotated[Items[BlockerReport], Field(max_length=64)] = []
    complete: OneOf[Search] | None = None  # how the search for blockers ended
    reason: Text = ""
    replay: Cases = []
