"""Replays an exported program against eager, on the run's inputs and on other sizes.

Equal means: same structure, shapes and dtypes, and every element within
`atol + rtol * |eager|` of its dtype (the defaults of torch.testing.assert_close; NaN equals NaN).
"""

import math
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import torch
from torch.testing._comparison import default_tolerances
from torch.utils import _pytree as pytree

from .emit import SHORT, TEXT, cap
from .snapshot import Snapshot, clone_tensors
from .specs import dtype_name, named_leaves
from .torch_guards import symbol_meanings

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
OTHER_SIZES = 2  # cases beside the run's own inputs


def replay(
    program: torch.export.ExportedProgram,
    eager: Callable[..., Any],
    snapshot: Snapshot,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    twice: bool = False,
    sizes: int = OTHER_SIZES,
) -> dict[str, Any]:
    """Run both on the same inputs from the same state, and compare.

    Args:
        program: what export gave.
        eager: what it was made from; called as the export called it.
        snapshot: the state that eager starts from.
        args: the run's positional inputs.
        kwargs: the run's keyword inputs.
        twice: whether a second call in a row is compared, too, for state that was lost.
        sizes: how many other sizes of the dynamic dimensions are compared, too.
    """
    cases = [_case(program, eager, snapshot, (args, kwargs), {})]
    if twice:
        again = _case(program, eager, snapshot, (args, kwargs), {}, calls=2)
        again["why"] = again["why"] and f"on a second call in a row, {again['why']}"
        cases.append(again)
    for resized, inputs in islice(other_sizes(program, args, kwargs), sizes):
        cases.append(_case(program, eager, snapshot, inputs, resized))
    return summed(cases)


def _case(
    program: torch.export.ExportedProgram,
    eager: Callable[..., Any],
    snapshot: Snapshot,
    inputs: Arguments,
    sizes: dict[str, int],
    calls: int = 1,
) -> dict[str, Any]:
    seed = torch.random.get_rng_state()

    def both() -> tuple[Any, Any]:
        expected = run_from(eager, snapshot, inputs, seed, calls)
        return expected, run_from(program.module(), snapshot, inputs, seed, calls)

    try:
        return case_of(both, sizes)
    finally:
        snapshot.restore()
        torch.random.set_rng_state(seed)


def case_of(both: Callable[[], tuple[Any, Any]], sizes: dict[str, int]) -> dict[str, Any]:
    """One ReplayCase: what eager and the exported program give, compared.

    Args:
        both: runs the two; what it raises is why they are not compared.
        sizes: of the dynamic dimensions; empty: the run's own.
    """
    report: dict[str, Any] = {"sizes": sizes, "status": "not_run", "why": "", "outputs": []}
    try:
        with torch.no_grad():
            report["outputs"] = list(compare(*both()))
    except Exception as error:
        report["why"] = cap(f"{type(error).__name__}: {error}")
        return report
    unequal = [output for output in report["outputs"] if not output["equal"]]
    report["status"] = "different" if unequal else "equal"
    report["why"] = unequal[0]["why"] if unequal else ""
    return report


def summed(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """A ReplayReport of these cases, of which there is one at least."""
    order = ("different", "not_run", "equal")
    worst = min(cases, key=lambda case: order.index(case["status"]))
    outputs = [output for case in cases for output in case["outputs"]]
    return {
        "status": worst["status"],
        "why": worst["why"],
        "max_abs": _largest(outputs, "max_abs"),
        "max_rel": _largest(outputs, "max_rel"),
        "cases": cases,
    }


def run_from(
    function: Callable[..., Any],
    snapshot: Snapshot,
    inputs: Arguments,
    seed: torch.Tensor,
    calls: int,
) -> Any:
    """What the last of so many calls in a row gives."""
    snapshot.restore()
    torch.random.set_rng_state(seed)
    for _ in range(calls):
        args, kwargs = clone_tensors(inputs)
        result = function(*args, **kwargs)
    return clone_tensors(result)


def compare(expected: Any, actual: Any) -> Iterator[dict[str, Any]]:
    """Each output of eager beside that of the exported program, as an OutputDifference."""
    wanted = named_leaves(expected)
    got = pytree.tree_leaves(actual)
    if len(wanted) != len(got):
        why = f"eager gives {len(wanted)} outputs, the exported program {len(got)}"
        yield _output("", math.nan, math.nan, why)
        return
    for (name, left), right in zip(wanted, got, strict=True):
        yield compare_leaf(name or "output", left, right)


def compare_leaf(name: str, left: Any, right: Any) -> dict[str, Any]:
    """One value that eager gave beside the exported program's, as an OutputDifference."""
    if not isinstance(left, torch.Tensor) or not isinstance(right, torch.Tensor):
        same = left == right or left is right
        return _output(name, 0.0, 0.0, "" if same else f"eager {left!r}, exported {right!r}")
    if left.shape != right.shape or left.dtype != right.dtype:
        why = (
            f"eager {dtype_name(left.dtype)} {list(left.shape)}, "
            f"exported {dtype_name(right.dtype)} {list(right.shape)}"
        )
        return _output(name, math.nan, math.nan, why)
    return _compare_tensors(name, left, right)


def _compare_tensors(name: str, left: torch.Tensor, right: torch.Tensor) -> dict[str, Any]:
    rtol, atol = default_tolerances(left.dtype)
    wide = torch.complex128 if left.is_complex() else torch.float64
    a, b = left.detach().to(wide), right.detach().to(wide)
    if a.numel() == 0:
        return _output(name, 0.0, 0.0, "")
    close = torch.isclose(b, a, rtol=rtol, atol=atol, equal_nan=True)
    same = (a == b) | (a.isnan() & b.isnan())
    difference = torch.where(same, 0.0, (a - b).abs())
    relative = torch.where(difference == 0, 0.0, difference / a.abs())
    why = ""
    if not bool(close.all()):
        why = f"{int((~close).sum())} of {close.numel()} elements differ"
    return _output(name, float(difference.max()), float(relative.max()), why)


def _output(name: str, max_abs: float, max_rel: float, why: str) -> dict[str, Any]:
    return {
        "name": cap(name, SHORT),
        "max_abs": _number(max_abs),
        "max_rel": _number(max_rel),
        "equal": not why,
        "why": cap(why, TEXT),
    }


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _largest(outputs: list[dict[str, Any]], key: str) -> float | str | None:
    values = [output[key] for output in outputs]
    texts = [value for value in values if isinstance(value, str)]
    return texts[0] if texts else max(values, default=None)


def other_sizes(
    program: torch.export.ExportedProgram, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Iterator[tuple[dict[str, int], Arguments]]:
    """The run's inputs at other sizes of the dynamic dimensions, inside their ranges."""
    leaves, shape = pytree.tree_flatten((args, kwargs))
    names = program.graph_signature.user_inputs
    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    if len(names) != len(leaves):
        return
    fakes = [values.get(name) if isinstance(name, str) else None for name in names]
    hints, meanings = _symbol_hints(fakes, leaves), symbol_meanings(program)
    for step in range(1, OTHER_SIZES + 1):
        chosen = {
            symbol: _other_size(size, step, program.range_constraints.get(symbol))
            for symbol, size in hints.items()
        }
        if not hints or chosen == hints:
            return
        resized = [_resize(leaf, fake, chosen) for leaf, fake in zip(leaves, fakes, strict=True)]
        sizes = {meanings.get(str(symbol), str(symbol)): chosen[symbol] for symbol in chosen}
        yield sizes, pytree.tree_unflatten(resized, shape)


def _symbol_hints(fakes: list[Any], leaves: list[Any]) -> dict[Any, int]:
    """Each free symbol of the inputs with the size it had in the run."""
    hints: dict[Any, int] = {}
    for fake, leaf in zip(fakes, leaves, strict=True):
        for size, real in zip(getattr(fake, "shape", ()), getattr(leaf, "shape", ()), strict=False):
            if isinstance(size, torch.SymInt) and size.node.expr.is_Symbol:
                hints[size.node.expr] = real
    return hints


def _other_size(size: int, step: int, bounds: Any) -> int:
    """A size near the run's own: one more, then two fewer, kept inside the range."""
    lower, upper = (int(bounds.lower), bounds.upper) if bounds else (2, math.inf)
    wanted = max(lower, size + step if step % 2 else size - step)
    return int(min(wanted, upper))


def _resize(leaf: Any, fake: Any, sizes: dict[Any, int]) -> Any:
    """A tensor with its dynamic dimensions at other sizes, its own rows repeated."""
    if not isinstance(leaf, torch.Tensor) or not isinstance(fake, torch.Tensor):
        return leaf
    for dim, size in enumerate(fake.shape):
        if isinstance(size, torch.SymInt):
            wanted = int(size.node.expr.subs(sizes))
            leaf = with_size(leaf, dim, wanted)
    return leaf


def with_size(tensor: torch.Tensor, dim: int, size: int) -> torch.Tensor:
    """A tensor of another size in one dimension, its own rows repeated or left out."""
    index = torch.arange(size, device=tensor.device) % max(tensor.shape[dim], 1)
    return tensor.index_select(dim, index)
