"""What the dimensions of a run's inputs can be, read from its contract and put in words."""

from typing import Literal

from sqlmodel import Session, col, select

from app.errors import NotFoundError
from app.models import Category, Run
from app.services.failure_views import FrameView
from app.services.view import View

SHOWN_SIZES = 3  # that an irregular range names

Obtained = Literal["dynamic", "static", "not_known"]
Outcome = Literal["equal", "different", "refused", "not_run"]


class CauseView(View):
    """A guard that fixed a dimension, or that narrows its range."""

    meaning: str
    expression: str
    frame: FrameView | None = None
    framework: str = ""


class TriedView(View):
    """Eager and the exported program at some sizes. `why`: what was raised, or how they differ."""

    eager: Literal["ran", "failed", "not_run"]
    program: Outcome
    why: str = ""


class TriedSizeView(TriedView):
    """One dimension at another size. `together`: with the other dimensions that are tied to it."""

    size: int
    together: bool = False


class TriedCaseView(TriedView):
    """Several dimensions at other sizes; none: a further example that the script gives."""

    sizes: dict[str, int] = {}


class BriefFailureView(View):
    """Why an export failed."""

    category: Category
    exception: str
    message: str
    culprit: FrameView | None = None


class DimensionView(View):
    """One dimension of one input: what was asked of it, what it can be, and what fixed it.

    A dynamic one may be `remainder` modulo `step`, from `lower` to `upper` (null: no end), less the
    exceptions; `lower` is null where no simple rule tells it.
    """

    name: str
    input: str
    dim: int
    size: int
    role: str = ""
    requested: str = ""
    answered: Literal["", "dynamic", "static", "failed"] = ""
    obtained: Obtained
    symbol: str = ""
    expression: str = ""
    lower: int | None = None
    upper: int | None = None
    step: int = 1
    remainder: int = 0
    exceptions: list[int] = []
    causes: list[CauseView] = []
    tries: list[TriedSizeView] = []
    elsewhere: list[int] = []
    grown: bool = False
    alone: bool = False
    failure: str = ""

    @property
    def silent(self) -> bool:
        """Asked to be dynamic, and static without an error."""
        return self.answered == "static"

    @property
    def could_vary(self) -> bool:
        """Whether it is fixed though eager takes other sizes."""
        return self.obtained == "static" and any(one.eager == "ran" for one in self.tries)

    @property
    def range_words(self) -> str:
        """`any size from 8 in steps of 4`; empty where it is not dynamic."""
        if self.obtained != "dynamic":
            return ""
        if self.lower is None:
            return "several sizes, by no simple rule"
        words = f"{self.lower} to {self.upper}" if self.upper is not None else f"from {self.lower}"
        if self.step > 1 and self.remainder == 0:
            words = f"multiples of {self.step}, {words}"
        elif self.step > 1:
            words = f"{self.lower}, {self.lower + self.step}, {self.lower + 2 * self.step}, …"
        if self.exceptions:
            words += f", but not {', '.join(map(str, self.exceptions[:SHOWN_SIZES]))}"
            words += ", …" if len(self.exceptions) > SHOWN_SIZES else ""
        return words


class RelationView(View):
    """What several dimensions have to keep together."""

    meaning: str
    guard: CauseView | None = None


class ContractView(View):
    """What the dimensions of a run's inputs can be. `how`: read from a program, or from eager."""

    how: Literal["export", "eager"]
    failure: BriefFailureView | None = None
    request_failure: BriefFailureView | None = None
    dimensions: list[DimensionView]
    relations: list[RelationView] = []
    code: str = ""
    form: Literal["", "named", "auto"] = ""
    own: TriedView | None = None
    cases: list[TriedCaseView] = []
    cut: list[str] = []
    exports: int
    seconds: float

    @property
    def compared(self) -> list[TriedView]:
        """All tries at which the program was not expected to refuse, its own sizes among them."""
        tries: list[TriedView] = [one for row in self.dimensions for one in row.tries]
        own = [] if self.own is None else [self.own]
        return [one for one in [*own, *tries, *self.cases] if one.program in ("equal", "different")]

    @property
    def different(self) -> int:
        """At how many sizes the program computes something else than eager."""
        return sum(one.program == "different" for one in self.compared)

    @property
    def refused(self) -> int:
        """How many sizes the program refused."""
        tries = [one for row in self.dimensions for one in row.tries]
        return sum(one.program == "refused" for one in tries)

    @property
    def silent(self) -> list[DimensionView]:
        """Those asked to be dynamic that came out static without an error."""
        return [one for one in self.dimensions if one.silent]


def contract_of(session: Session, run: Run) -> ContractView:
    """The contract of a run that was found, or NotFoundError."""
    found = brief_contract(session, run)
    if found is None:
        raise NotFoundError(
            f"What the dimensions of run {run.id} can be is not known.",
            "It is read after the verdict, unless the option dynamic is off.",
        )
    return found


def brief_contract(session: Session, run: Run) -> ContractView | None:
    """The same; None where there is none, or none yet."""
    stored = session.scalar(select(col(Run.contract)).where(col(Run.id) == run.id))
    return None if stored is None else ContractView.model_validate(stored)


def contract_words(contract: ContractView) -> str:
    """The contract in a sentence."""
    count = len(contract.dimensions)
    if count == 0:
        return "The model takes no tensor, so no dimension can be dynamic."
    if contract.how == "eager":
        return "The model does not export, so this tells only which sizes eager takes."
    dynamic = sum(one.obtained == "dynamic" for one in contract.dimensions)
    fixed = sum(one.could_vary for one in contract.dimensions)
    words = f"{dynamic} of {count} {_dimensions(count)} can be dynamic."
    if fixed:
        words += f" {fixed} {_are(fixed)} fixed by the code though eager takes other sizes."
    if silent := len(contract.silent):
        words += f" {silent} {_are(silent)} silently static: asked to be dynamic, and not."
    return words


def verified_words(contract: ContractView) -> str:
    """How far the text to paste was proven."""
    if contract.different:
        return (
            f"Exported with exactly this; at {contract.different} of {len(contract.compared)} "
            "sizes the program computes something else than eager."
        )
    return (
        f"Exported with exactly this, and equal to eager at {len(contract.compared)} sets of "
        f"sizes; {contract.refused} sizes outside were refused."
    )


def _dimensions(count: int) -> str:
    return "dimension" if count == 1 else "dimensions"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
