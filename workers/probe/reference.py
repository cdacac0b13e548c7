"""The kind `reference`: what the script gives as it was uploaded, for trials of changed copies.

The answer goes through the worker's hands as bytes and is read in a trial's sandbox alone.
"""

import io
import time
from collections.abc import Iterator
from typing import Any, NoReturn

import torch

from .arcs import arcs_taken
from .call import Call
from .cases import Case, Start, called
from .digests import Digests
from .emit import SHORT, TEXT, Emitter, cap
from .frames import Places
from .job import Job
from .leaves import Leaf, Stored, bytes_of, leaves_in
from .snapshot import Snapshot
from .trial_values import differences
from .variations import NEGATED, OWN, further, variations

MOST_BYTES = 48 * 2**20  # of inputs and outputs
STATE_BYTES = 8 * 2**20  # of weights and buffers that are given along
SECONDS = 4.0  # of eager runs after which no more are begun
FILE = "reference"
HASHED_BYTES = 2**34

Inputs = dict[str, list[Stored]]
Other = tuple[Inputs, tuple[str, ...], bool]  # new inputs, names of what is run, must it tell more


def run_reference(job: Job, places: Places, emitter: Emitter, call: Call) -> NoReturn:
    """Run the model on its inputs and on others, tell what came of it, and end the process."""
    reference = _Reference(call, places)
    try:
        reference.run()
    except BaseException as error:  # of the user's code: nothing can be compared with
        emitter.emit("reference", why=_told(error), cases=[], left_out=[])
        emitter.finish()
    emitter.file(FILE, reference.data())
    emitter.emit(
        "reference",
        why=reference.why,
        cases=[cap(case.name, SHORT) for case in reference.cases],
        left_out=[cap(text, TEXT) for text in reference.left_out],
    )
    emitter.finish()


def state_digests(call: Call) -> dict[str, str]:
    """A digest of each weight and buffer by name; empty where it cannot be read."""
    tensors = state_of(call)
    digests = Digests(tensors, HASHED_BYTES)
    return {name: digests.of(name) for name in tensors}


def state_of(call: Call) -> dict[str, torch.Tensor]:
    """Weights and buffers by name."""
    return {**dict(call.model.named_parameters()), **dict(call.model.named_buffers())}


class _Reference:
    def __init__(self, call: Call, places: Places) -> None:
        self.cases: list[Case] = []
        self.left_out: list[str] = []  # what could not be run, and why
        self.why = ""  # nothing can be compared with
        self._call = call
        self._places = places
        self._known: set[Any] = set()  # ways through the code, and shapes of outputs
        self._state = state_digests(call)
        self._start = Start(call.model, Snapshot(call.model))
        self._inputs: Inputs = {}
        self._bytes = 0

    def run(self) -> None:
        """Make all cases.

        Raises:
            BaseException: the run's own inputs cannot be run, or kept.
        """
        call = self._call
        leaves = leaves_in((call.args, call.kwargs))
        own: list[Stored] = [leaf.value for leaf in leaves]
        started = time.perf_counter()
        first = self._case({OWN: own}, (OWN,))
        once = time.perf_counter() - started
        if once < SECONDS:  # else a trial will find out, and say that it differs
            again = self._called({OWN: own}, (OWN,))
            if any(not one["equal"] for one in differences(first, again)[0]):
                self.why = "The model gives other outputs each time it is run, from the same seed."
                return
        for inputs, names, must_tell in self._others(leaves):
            if len(self.cases) > 1 and time.perf_counter() - started > SECONDS + once:
                self.left_out.append("More inputs: the model takes long to run.")
                return
            try:
                self._case(inputs, names, must_tell=must_tell)
            except BaseException as error:  # sys.exit() in a forward, too
                if not must_tell:
                    self.left_out.append(f"{' then '.join(names)}: {_told(error)}")

    def data(self) -> memoryview:
        """All that a trial needs, in torch's own format."""
        buffer = io.BytesIO()
        tensors = state_of(self._call)
        size = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
        self._start.restore()
        content = {
            "state": self._state,
            "values": {name: one.detach() for name, one in tensors.items()}
            if size <= STATE_BYTES
            else {},
            "inputs": self._inputs,
            "cases": [
                {
                    "inputs": list(case.inputs),
                    "outputs": [(leaf.name, leaf.kind, leaf.value) for leaf in case.outputs],
                }
                for case in self.cases
            ],
        }
        torch.save(content, buffer)
        return buffer.getbuffer()

    def _others(self, leaves: list[Leaf]) -> Iterator[Other]:
        """What to run beside the own inputs: what tells most comes first."""
        for name, stored in variations(leaves, self._call):
            yield {name: stored}, (name,), False
            if name == NEGATED and name in self._inputs:
                yield {}, (OWN, name), False
        yield {}, (OWN, OWN), False
        for name, stored in further(leaves):
            yield {name: stored}, (name,), True

    def _case(
        self, inputs: Inputs, names: tuple[str, ...], *, must_tell: bool = False
    ) -> list[Leaf]:
        """Run one and keep it; with `must_tell` only where it takes a way that none did before.

        Raises:
            BaseException: whatever the model raises; MemoryError where it cannot be kept.
        """
        with arcs_taken(self._places) as arcs:
            outputs = self._called(inputs, names)
        ways = {*arcs, tuple((leaf.name, getattr(leaf.value, "shape", None)) for leaf in outputs)}
        if must_tell and ways <= self._known:
            return outputs
        kept = [Leaf("", "", value) for stored in inputs.values() for value in stored]
        size = bytes_of([*outputs, *kept])
        if self._bytes + size > MOST_BYTES:
            raise MemoryError(f"its tensors are more than {MOST_BYTES // 2**20} MiB together")
        self._bytes += size
        self._known |= ways
        self._inputs |= inputs
        self.cases.append(Case(names, outputs))
        return outputs

    def _called(self, inputs: Inputs, names: tuple[str, ...]) -> list[Leaf]:
        known = self._inputs | inputs
        return called(self._call.model, self._call, self._start, [known[name] for name in names])


def _told(error: BaseException) -> str:
    return cap(f"{type(error).__name__}: {error}", TEXT)
