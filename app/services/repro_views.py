"""A blocker's repro, as the API answers with it and pages show it."""

from typing import Literal

from app.services.view import View

ReproStatus = Literal["reproduces", "does_not"]


class ReproView(View):
    """The smallest script found that fails with the blocker's fingerprint, and was run; or why
    there is none. `text` is empty then.
    """

    status: ReproStatus
    text: str = ""
    why: str = ""
    seconds: float | None = None  # that it took to find it

    @property
    def lines(self) -> int:
        """Of its code, without the comments over it."""
        return sum(1 for line in self.text.splitlines() if line and not line.startswith("#"))
