"""The contract of a call's dimensions: which can be dynamic, in what range, what fixes the rest.

All dimensions are asked to be AUTO in one export. What comes out open is asked for its range, told
as `dynamic_shapes` to paste, exported again with exactly that and compared with eager at sizes
inside and outside. What comes out fixed is run in eager at other sizes, so that a dimension that
the model needs is told apart from one that a line of code fixed.
"""

import sys
from typing import Any, NoReturn

from .call import Call
from .contract_clock import Clock
from .contract_code import Pasted, automatic, hints_for, named
from .contract_dims import Arguments, Dimension, dimensions_of
from .contract_examples import examples_of, starting_inputs
from .contract_export import Asked, Exported, Exporter
from .contract_open import Open, open_of
from .contract_sweep import Sweep
from .contract_table import Table
from .contract_tries import Trier
from .emit import Emitter
from .frames import Places
from .job import Job
from .snapshot import Snapshot

SECONDS = 120.0  # where the job names no limit

# The order in which dimensions are asked one after another, where all at once cannot be had.
ROLES = ("batch", "sequence", "time", "height", "width", "features", "channels", "")


def run_contract(job: Job, places: Places, emitter: Emitter, call: Call) -> NoReturn:
    """Emit the contract, and end the process."""
    names = vars(sys.modules["__main__"])
    clock = Clock(float(job.work.get("seconds", SECONDS)))
    emitter.emit("contract", **contract_of(call, places, examples_of(call, names), clock))
    emitter.finish()


def contract_of(
    call: Call, places: Places, examples: list[Arguments], clock: Clock
) -> dict[str, Any]:
    """The contract as workers/answers/contract.py has it.

    Args:
        call: the user's call.
        places: tells the user's files.
        examples: further inputs that the script gives, of the same structure.
        clock: what may still be spent.
    """
    return _Reader(call, places, examples, clock).read()


class _Reader:
    def __init__(self, call: Call, places: Places, examples: list[Arguments], clock: Clock) -> None:
        self._call = call
        self._clock = clock
        self._examples = examples
        self._dimensions = dimensions_of(call)
        snapshot = Snapshot(call.model)
        self._exporter = Exporter(call, places, snapshot, self._dimensions)
        self._trier = Trier(call, snapshot)
        self._table = Table(self._dimensions, examples)

    def read(self) -> dict[str, Any]:
        self._inputs, grown = starting_inputs(self._call, self._dimensions, self._trier)
        self._table.grown = grown
        self._export_as_requested()
        found = self._export_all()
        if found is None:
            self._try_eager_alone()
        else:
            self._table.take_open(found)
            pasted, exported = self._paste(found)
            self._table.take_pasted(pasted)
            sweep = Sweep(self._trier, self._clock, self._inputs, found, exported)
            self._table.take_sweep(sweep, self._examples)
            self._ask_alone(found)
        return self._table.fields(
            cut=self._clock.cut, exports=self._exporter.made, seconds=self._clock.spent
        )

    def _export_as_requested(self) -> None:
        call = self._call
        if call.dynamic_shapes is not None and self._clock.allows("the script's own request"):
            with self._clock.timed("export"):
                inputs = (call.args, call.kwargs)
                requested = self._exporter.export_as(inputs, call.dynamic_shapes, {})
            self._table.take_requested(requested)

    def _export_all(self) -> Open | None:
        """The export that leaves open all that it can; None: the model does not export."""
        exported = self._export(hints_for(self._dimensions))
        if exported.program is None:
            self._table.take_failed(exported)
            exported = self._export({})
            if exported.program is None:
                self._table.take_blocked(exported)
                return None
            exported = self._export_in_turn(exported)
        return open_of(exported, self._dimensions, self._clock)

    def _export_in_turn(self, exported: Exported) -> Exported:
        """Ask for more and more dimensions, and leave out those with which the export fails."""
        groups = _groups(self._dimensions)
        while groups:
            group = groups.pop(0)
            if not self._clock.allows(f"asking for {group[0].role or 'the rest'} with the others"):
                continue
            more = self._export({**exported.asked, **hints_for(group)})
            if more.program is not None:
                exported = more
            elif len(group) == 1:
                self._table.take_refused(group[0], more)
            else:
                groups[:0] = [[one] for one in group]
        return exported

    def _export(self, asked: Asked) -> Exported:
        with self._clock.timed("export"):
            return self._exporter.export(self._inputs, asked)

    def _paste(self, found: Open) -> tuple[Pasted | None, Exported]:
        """What can be pasted, exported with exactly that; else the export that was read."""
        choices = (named(self._call, found), automatic(self._call, found)) if found.symbols else ()
        for pasted in choices:
            if pasted is None or not self._clock.allows("exporting with the table's shapes"):
                continue
            with self._clock.timed("export"):
                exported = self._exporter.export_as(self._inputs, pasted.shapes(), {})
            if exported.open_keys and exported.open_keys == found.exported.open_keys:
                return pasted, exported
        return None, found.exported

    def _ask_alone(self, found: Open) -> None:
        """Ask for single dimensions that another one fixed, and that eager takes at other sizes."""
        for dimension in self._table.fixed_by_others():
            if not self._clock.allows(f"asking for {dimension.name} alone"):
                continue
            alone = self._export(hints_for([dimension]))
            if alone.program is not None and alone.is_dynamic(dimension):
                self._table.take_alone(dimension, open_of(alone, self._dimensions, self._clock))

    def _try_eager_alone(self) -> None:
        sweep = Sweep(self._trier, self._clock, self._inputs)
        self._table.take_sweep(sweep, self._examples)


def _groups(dimensions: list[Dimension]) -> list[list[Dimension]]:
    groups = ([one for one in dimensions if one.role == role] for role in ROLES)
    return [group for group in groups if group]
