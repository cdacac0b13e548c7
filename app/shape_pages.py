"""What the page of a run's dimensions is given."""

from dataclasses import dataclass
from typing import ClassVar

from app.graphs.render import Code
from app.services.contracts import ContractView, contract_words, verified_words
from app.templating import Page


@dataclass(frozen=True)
class ShapesPage(Page):
    """What the dimensions of a run's inputs can be. `code` is what a person may paste."""

    template: ClassVar[str] = "shapes.html"
    run_id: int
    run_title: str
    sandbox: str | None  # the run's tier
    contract: ContractView
    code: Code | None

    @property
    def words(self) -> str:
        """All of it in a sentence."""
        return contract_words(self.contract)

    @property
    def verified(self) -> str:
        """How far the text to paste was proven."""
        return verified_words(self.contract)
