"""What a probe says of the dimensions of a run's inputs; stored as it is in run.contract."""

from typing import Annotated, Literal

from pydantic import Field

from app.graphs.document import Count, Items, Record, Short, Text
from app.models import Category
from workers.events import Frame, GuardReport, Message, OneOf, Seconds

Outcome = Literal["equal", "different", "refused", "not_run"]
EagerOutcome = Literal["ran", "failed", "not_run"]
Obtained = Literal["dynamic", "static", "not_known"]
Size = Annotated[int, Field(ge=0, lt=2**62)]


class Tried(Record):
    """Eager and the program at some sizes. `why` is what one of them raised, or how they differ."""

    eager: EagerOutcome
    program: Outcome
    why: Text = ""


class TriedSize(Tried):
    """One dimension at another size. `together`: with the other dimensions that are tied to it."""

    size: Size
    together: bool = False


class TriedCase(Tried):
    """Several dimensions at other sizes; none: a further example of the script's own."""

    sizes: Annotated[dict[Short, Size], Field(max_length=256)] = {}


class BriefFailure(Record):
    """Why an export failed, without its frames."""

    category: OneOf[Category]
    exception: Short
    message: Message
    culprit: Frame | None = None


class ContractDimension(Record):
    """One dimension of one input.

    Where it is dynamic, the sizes that it may have are `remainder` modulo `step` from `lower` to
    `upper` (null: no end), less the exceptions; `lower` is null where no simple rule tells them.
    `causes` are the guards that fixed it, or that narrow its range.
    """

    name: Short  # x.shape[0]
    input: Short  # x
    dim: Count
    size: Size  # in the script's example
    role: Short = ""  # batch, channels, time, height, width, sequence, features
    requested: Text = ""  # as Python prints it; empty: the script asks for nothing
    answered: Literal["", "dynamic", "static", "failed"] = ""  # what became of that request
    obtained: Obtained  # where all dimensions are asked to be AUTO
    symbol: Short = ""  # the name of its Dim
    expression: Text = ""  # where it follows from another one: 2*batch
    lower: Size | None = None
    upper: Size | None = None
    step: Annotated[int, Field(ge=1, lt=2**62)] = 1
    remainder: Size = 0
    exceptions: Annotated[Items[Size], Field(max_length=32)] = []
    causes: Annotated[Items[GuardReport], Field(max_length=8)] = []
    tries: Annotated[Items[TriedSize], Field(max_length=16)] = []
    elsewhere: Annotated[Items[Size], Field(max_length=8)] = []  # in the script's other examples
    grown: bool = False  # from 1 to 2, for torch takes 1 as static
    alone: bool = False  # dynamic where it is the only one that is asked for
    failure: Text = ""  # of the export that asks for it


class Relation(Record):
    """What several dimensions have to keep together, beside their ranges."""

    meaning: Text
    guard: GuardReport | None = None


class Contract(Record):
    """The contract of a call's dimensions.

    `how`: whether a program was there to ask, or only eager, for the model does not export.
    """

    type: Literal["contract"]
    how: Literal["export", "eager"]
    failure: BriefFailure | None = None  # why it does not export
    request_failure: BriefFailure | None = None  # why it does not with the script's own request
    dimensions: Annotated[Items[ContractDimension], Field(max_length=256)]
    relations: Annotated[Items[Relation], Field(max_length=32)] = []
    code: Message = ""  # defines dynamic_shapes; exported again with exactly this
    form: Literal["", "named", "auto"] = ""
    own: Tried | None = None  # at the sizes of the example
    cases: Annotated[Items[TriedCase], Field(max_length=16)] = []
    cut: Annotated[Items[Text], Field(max_length=600)] = []  # left out for want of time
    exports: Count
    seconds: Seconds
