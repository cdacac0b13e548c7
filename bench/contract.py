"""The table of what can be dynamic, against brute force over sizes.

    python -m bench.contract [--sizes N] [--seconds S] [model.py …]

Each model's contract is read, then checked with nothing of what read it: its text is run, the
model is exported with it by plain torch.export.export, and eager and that program are called at
every size from 0 to N of every dimension, and at pairs of sizes. Inside a range the program has to
be equal to eager; outside it has to refuse, or the table has to say that it does not. A dimension
is silently static where export was asked for Dim.AUTO, gave no error, and the program takes no
other size.
"""

import argparse
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, product
from pathlib import Path
from typing import Any

import torch
from torch.export import Dim
from torch.testing import assert_close
from torch.utils import _pytree as pytree

from bench.loading import Loaded, model_and_inputs
from workers.probe.call import Call
from workers.probe.contract import contract_of
from workers.probe.contract_clock import Clock
from workers.probe.frames import Places

FOLDER = Path(__file__).parent / "models" / "shapes"
PAIRED = 6  # sizes of each of two dimensions that are tried together
SMALLEST = 2

Place = tuple[int, int]  # leaf, dimension
Sizes = Mapping[Place, int]


@dataclass
class Checked:
    """What brute force found of one model."""

    name: str
    dimensions: int = 0
    dynamic: int = 0
    tried: int = 0
    wrong: list[str] = field(default_factory=list)
    silent: int = 0  # truly silently static
    found: int = 0  # of those, told as static
    form: str = ""
    export_seconds: float = 0.0
    seconds: float = 0.0


def main() -> None:
    """Print a row for each model, and the sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("models", nargs="*", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.export.export(torch.nn.ReLU(), (torch.ones(2),))  # the first one imports much
    print(f"torch {torch.__version__}, sizes 0 to {options.sizes}")
    print(
        "| Model | Dimensions | Dynamic | Silently static, found | Sizes | Wrong | Form | Times |"
    )
    print("|---|---|---|---|---|---|---|---|")
    rows = [
        check(path, options.sizes, options.seconds)
        for path in options.models or sorted(FOLDER.glob("*.py"))
    ]
    print(
        f"| all {len(rows)} | {sum(row.dimensions for row in rows)} "
        f"| {sum(row.dynamic for row in rows)} "
        f"| {sum(row.silent for row in rows)}, {sum(row.found for row in rows)} "
        f"| {sum(row.tried for row in rows)} | {sum(len(row.wrong) for row in rows)} | | |"
    )
    for row in rows:
        for line in row.wrong:
            print(f"- {row.name}: {line}")


def check(path: Path, largest: int, seconds: float) -> Checked:
    """Read one model's contract, and try it."""
    model, args, kwargs = loaded = model_and_inputs(path)
    call = Call(model, args, kwargs, None, strict=False, form="names")
    started = time.perf_counter()
    contract = contract_of(call, Places(path.parent), [], Clock(seconds))
    row = Checked(path.stem, len(contract["dimensions"]), form=contract["form"] or contract["how"])
    row.seconds = time.perf_counter() - started
    Brute(loaded, contract, row, largest).run()
    print(
        f"| {row.name} | {row.dimensions} | {row.dynamic} | {row.silent}, {row.found} "
        f"| {row.tried} | {len(row.wrong)} | {row.form} | {row.seconds / row.export_seconds:.1f} |",
        flush=True,
    )
    return row


class Brute:
    """One model at every size."""

    def __init__(
        self, loaded: Loaded, contract: dict[str, Any], row: Checked, largest: int
    ) -> None:
        self._model, args, kwargs = loaded
        rows = zip(places((args, kwargs)), contract["dimensions"], strict=True)
        self._table = dict(rows)
        self._contract = contract
        self._row = row
        self._largest = largest
        grown = {key: SMALLEST for key, one in self._table.items() if one["grown"]}
        self._inputs = resized((args, kwargs), grown)
        self._own = {key: grown.get(key, one["size"]) for key, one in self._table.items()}

    def run(self) -> None:
        """Count what is wrong into the row."""
        program = self._export()
        if program is None:
            return
        self._count_silent()
        for key, one in self._table.items():
            if one["obtained"] == "dynamic":
                self._row.dynamic += 1
                self._try_dynamic(program, key)
            else:
                self._try_static(program, key)
        self._try_pairs(program)

    def _export(self) -> Any:
        """The program that the text gives; where there is none, that of a static export."""
        names: dict[str, Any] = {"dynamic_shapes": None}
        exec(self._contract["code"], names)
        if not self._contract["code"] and self._contract["cut"]:
            self._row.wrong.append("there was no time for a text")
            return None
        started = time.perf_counter()
        try:
            program = self._plain(names["dynamic_shapes"]).module()
        except Exception as error:
            self._row.wrong.append(f"the text does not export: {error}")
            program = None
        self._row.export_seconds = time.perf_counter() - started
        return program

    def _plain(self, shapes: Any) -> torch.export.ExportedProgram:
        args, kwargs = self._inputs
        return torch.export.export(self._model, args, kwargs, dynamic_shapes=shapes)

    def _count_silent(self) -> None:
        """Which dimensions an export of all AUTO fixes without a word."""
        args, kwargs = pytree.tree_map(_all_auto, self._inputs)
        shapes = {**dict(zip(self._parameters(), args, strict=False)), **kwargs}
        try:
            module = self._plain(shapes).module()
        except Exception:  # then none of them is static without a word
            return
        for key, one in self._table.items():
            others = [n for n in range(SMALLEST, self._largest) if n != self._own[key]]
            ways = (sizes for size in others for sizes in self._ways(key, size))
            if all(self._outcome(module, sizes) == "refused" for sizes in ways):
                self._row.silent += 1
                self._row.found += one["obtained"] == "static"
                if one["obtained"] != "static":
                    self._row.wrong.append(f"{one['name']} is static, and told as dynamic")

    def _parameters(self) -> list[str]:
        code = type(self._model).forward.__code__
        return list(code.co_varnames[1 : code.co_argcount])

    def _ways(self, key: Place, size: int) -> Iterator[dict[Place, int]]:
        """Ways in which a dimension may come to another size: as told, alone, with its likes."""
        one = self._table[key]
        symbols = {row["symbol"] for row in self._table.values() if row["symbol"]}
        for symbol in symbols if one["expression"] else {one["symbol"]} - {""}:
            yield self._sizes({symbol: size})
        yield {key: size}
        yield {other: size for other, own in self._own.items() if own == self._own[key]}

    def _try_dynamic(self, program: Any, key: Place) -> None:
        one = self._table[key]
        for size in range(self._largest + 1):
            sizes = self._together(key, size)
            if sizes is None:
                continue
            inside, outcome = _contains(one, size), self._outcome(program, sizes)
            self._row.tried += 1
            told = {tried["size"]: tried["program"] for tried in one["tries"]}
            if inside and outcome != "equal":
                self._row.wrong.append(f"{one['name']} = {size} is inside, and {outcome}")
            elif not inside and outcome == "different" and told.get(size) != "different":
                self._row.wrong.append(f"{one['name']} = {size} differs, and nothing says so")
            elif not inside and outcome == "equal":
                self._row.wrong.append(f"{one['name']} = {size} works, and is told to be outside")

    def _try_static(self, program: Any, key: Place) -> None:
        one = self._table[key]
        eager = False
        for size in range(1, self._largest + 1):
            if size == self._own[key]:
                continue
            self._row.tried += 1
            outcome = self._outcome(program, {key: size})
            if outcome != "refused":
                self._row.wrong.append(f"{one['name']} = {size} is fixed, and {outcome}")
            eager = eager or self._runs({key: size})
        told = any(tried["eager"] == "ran" for tried in one["tries"])
        if eager and not told:
            self._row.wrong.append(f"{one['name']}: eager takes other sizes, and nothing says so")

    def _try_pairs(self, program: Any) -> None:
        """Two dimensions at once: what is refused has to be told as kept together."""
        groups: dict[str, Place] = {}
        for key, one in self._table.items():
            if one["obtained"] == "dynamic" and not one["expression"]:
                groups.setdefault(one["symbol"], key)
        for left, right in combinations(groups.values(), 2):
            for a, b in product(self._some(left), self._some(right)):
                outcome = self._outcome(program, self._both(left, a, right, b))
                self._row.tried += 1
                if outcome == "different":
                    self._row.wrong.append(f"{self._names(left, right)} at {a}, {b}: different")
                elif outcome == "refused" and not self._contract["relations"]:
                    self._row.wrong.append(f"{self._names(left, right)} at {a}, {b}: refused")

    def _names(self, left: Place, right: Place) -> str:
        return f"{self._table[left]['name']}, {self._table[right]['name']}"

    def _some(self, key: Place) -> list[int]:
        inside = [n for n in range(SMALLEST, 200) if _contains(self._table[key], n)]
        return inside[:PAIRED]

    def _together(self, key: Place, size: int) -> dict[Place, int] | None:
        """The sizes of all dimensions where this one has another size, by the table's names."""
        one = self._table[key]
        if one["expression"]:
            return None  # it is tried with the dimension that it follows from
        return self._sizes({one["symbol"]: size})

    def _both(self, left: Place, a: int, right: Place, b: int) -> dict[Place, int]:
        values = {self._table[left]["symbol"]: a, self._table[right]["symbol"]: b}
        return self._sizes(values)

    def _sizes(self, values: Mapping[str, int]) -> dict[Place, int]:
        known = {
            one["symbol"]: self._own[key]
            for key, one in reversed(self._table.items())
            if one["symbol"] and not one["expression"]
        } | dict(values)
        found = {}
        for key, one in self._table.items():
            if one["obtained"] == "dynamic":
                text = one["expression"] or one["symbol"]
                found[key] = int(eval(text, {}, dict(known)))
        return found

    def _outcome(self, program: Any, sizes: Sizes) -> str:
        args, kwargs = resized(self._inputs, sizes)
        try:
            with torch.no_grad():
                actual = program(*args, **kwargs)
        except Exception:
            return "refused"
        try:
            with torch.no_grad():
                assert_close(actual, self._model(*args, **kwargs), equal_nan=True)
        except Exception:
            return "different"
        return "equal"

    def _runs(self, sizes: Sizes) -> bool:
        args, kwargs = resized(self._inputs, sizes)
        try:
            with torch.no_grad():
                self._model(*args, **kwargs)
        except Exception:
            return False
        return True


def resized(inputs: Any, sizes: Sizes) -> Any:
    """The inputs with these dimensions at other sizes, rows repeated."""
    leaves, shape = pytree.tree_flatten(inputs)
    for (leaf, dim), size in sizes.items():
        rows = torch.arange(size) % leaves[leaf].shape[dim]
        leaves[leaf] = leaves[leaf].index_select(dim, rows)
    return pytree.tree_unflatten(leaves, shape)


def places(inputs: Any) -> Iterator[Place]:
    """Every dimension of every tensor, in the order of the table's rows."""
    for leaf, value in enumerate(pytree.tree_leaves(inputs)):
        if isinstance(value, torch.Tensor):
            yield from ((leaf, dim) for dim in range(value.dim()))


def _all_auto(value: Any) -> Any:
    return dict.fromkeys(range(value.dim()), Dim.AUTO) if torch.is_tensor(value) else None


def _contains(one: dict[str, Any], size: int) -> bool:
    """Whether a row's range has this size."""
    if one["lower"] is None:
        return False
    return (
        size >= one["lower"]
        and (one["upper"] is None or size <= one["upper"])
        and size % one["step"] == one["remainder"]
        and size not in one["exceptions"]
    )


if __name__ == "__main__":
    main()
