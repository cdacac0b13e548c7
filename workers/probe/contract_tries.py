"""Eager and an exported program on the same inputs at some sizes: what each does with them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from .call import Call
from .contract_dims import Arguments
from .contract_export import Exported
from .contract_sizes import Sizes, fits, resized
from .emit import TEXT, cap
from .replay import compare, run_from
from .snapshot import Snapshot

TOO_LARGE = "too large to try"


@dataclass(frozen=True)
class Try:
    """What came of one set of sizes."""

    sizes: Sizes
    eager: str = "not_run"  # ran, failed, not_run
    program: str = "not_run"  # equal, different, refused, not_run
    why: str = ""  # what eager or the program raised, or how they differ

    @property
    def fields(self) -> dict[str, Any]:
        """As workers/answers/contract.py has it, without the sizes."""
        return {"eager": self.eager, "program": self.program, "why": cap(self.why, TEXT)}


@dataclass
class Trier:
    """Runs them, each from the state and the random numbers that the script had made."""

    call: Call
    snapshot: Snapshot
    _seed: torch.Tensor = field(default_factory=torch.random.get_rng_state)

    def run(self, exported: Exported | None, inputs: Arguments, sizes: Sizes) -> Try:
        """Eager and, where there is one, the program, compared.

        What the program refuses is refused, whether eager takes it or not.
        """
        if not fits(inputs, sizes):
            return Try(sizes, why=TOO_LARGE)
        given = resized(inputs, sizes)
        expected, trouble = self._run(self.call.model, given)
        eager = "failed" if trouble else "ran"
        if exported is None:
            return Try(sizes, eager, why=trouble)
        refusal = exported.admission.refusal(given)
        actual, raised = ("", refusal) if refusal else self._run(exported.module, given)
        if raised:
            return Try(sizes, eager, "refused", raised)
        if trouble:
            return Try(sizes, eager, "different", f"eager fails, the program does not: {trouble}")
        unequal = [one["why"] for one in compare(expected, actual) if not one["equal"]]
        return Try(sizes, eager, "different" if unequal else "equal", "".join(unequal[:1]))

    def _run(self, function: Callable[..., Any], inputs: Arguments) -> tuple[Any, str]:
        """What it gives, or what it raises."""
        try:
            with torch.no_grad():
                return run_from(function, self.snapshot, inputs, self._seed, 1), ""
        except (Exception, SystemExit) as error:
            return None, cap(f"{type(error).__name__}: {error}", TEXT)
        finally:
            self.snapshot.restore()
