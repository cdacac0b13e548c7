"""Other inputs like the run's own: what a model is asked to compute the same on.

A rewrite may be right on the example and wrong where a branch goes the other way, so the values
are turned round: noise of the same statistics, the opposite sign, nothing at all; then larger and
smaller, for what lies behind a threshold. Numbers that may be indices stay within those of the
example. Where the run's request has dynamic dimensions, one variation has other sizes in them.
"""

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch

from .call import Call
from .leaves import Leaf, Stored
from .replay import with_size
from .seeds import SEED

Sizes = dict[tuple[str, int], Any]  # name of a leaf and dimension → what makes two sizes one

OWN = "the run's own inputs"
NOISE = "noise like the inputs"
NEGATED = "the inputs with the opposite sign"
ZEROS = "zeros"
NORMAL = "standard normal noise"
SMALL = "the inputs times 0.01"
SIZES = "other sizes of the dynamic dimensions"
SCALES = (10.0, -10.0, 0.1, -0.1, 100.0, -100.0)  # of the inputs, and of noise like them

Change = Callable[[torch.Tensor], torch.Tensor]
Variation = tuple[str, list[Stored]]


def variations(leaves: list[Leaf], call: Call) -> Iterator[Variation]:
    """Other values for the leaves of the call's inputs, each set with its name."""
    generator = torch.Generator().manual_seed(SEED)
    yield NOISE, _all(leaves, partial(_noise, generator=generator))
    yield NEGATED, _all(leaves, _negated)
    yield ZEROS, _all(leaves, torch.zeros_like)
    yield NORMAL, _all(leaves, partial(_normal, generator=generator))
    yield SMALL, _all(leaves, partial(_scaled, scale=0.01))
    if asked := _asked(call):
        yield SIZES, [_resized(leaf, asked) for leaf in leaves]


def further(leaves: list[Leaf]) -> Iterator[Variation]:
    """More of them, which tell something only where the model takes another way for them."""
    generator = torch.Generator().manual_seed(SEED + 1)
    for scale in SCALES:
        yield f"the inputs times {scale:g}", _all(leaves, partial(_scaled, scale=scale))
        noise = _all(leaves, partial(_noise, generator=generator))
        scaled = [_changed(value, partial(_scaled, scale=scale)) for value in noise]
        yield f"noise like the inputs, times {scale:g}", scaled


def _all(leaves: list[Leaf], change: Change) -> list[Stored]:
    """Every leaf changed; what stands in two places once."""
    kept = {id(leaf.value): _changed(leaf.value, change) for leaf in leaves}
    return [kept[id(leaf.value)] for leaf in leaves]


def _changed(value: Stored, change: Change) -> Stored:
    is_plain = isinstance(value, torch.Tensor) and value.layout is torch.strided
    return change(value) if is_plain and value.numel() else value  # type: ignore[arg-type, union-attr]


def _noise(tensor: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    if not tensor.is_floating_point():
        place = torch.randperm(tensor.numel(), generator=generator).to(tensor.device)
        return tensor.reshape(-1)[place].reshape(tensor.shape)
    wide = tensor.double()
    finite = wide[wide.isfinite()]
    if not finite.numel():
        return tensor.clone()
    noise = torch.randn(tensor.shape, generator=generator, dtype=torch.double).to(tensor.device)
    spread = finite.std(correction=0)
    low, high = float(finite.min()), float(finite.max())
    return (finite.mean() + spread * noise).clamp(low, high).to(tensor.dtype)


def _normal(tensor: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    if not tensor.is_floating_point():
        return _noise(tensor, generator)
    noise = torch.randn(tensor.shape, generator=generator, dtype=torch.double)
    return noise.to(tensor.device, tensor.dtype)


def _scaled(tensor: torch.Tensor, scale: float) -> torch.Tensor:
    return tensor * scale if tensor.is_floating_point() else _negated(tensor)


def _negated(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.dtype == torch.bool:
        return ~tensor
    if tensor.is_floating_point() or tensor.is_complex():
        return -tensor
    return tensor.flip(0) if tensor.dim() else tensor.clone()


def _asked(call: Call) -> Sizes:
    """The dimensions that the call asks to be dynamic."""
    shapes = call.dynamic_shapes
    if isinstance(shapes, dict):
        names = list(inspect.signature(call.model.forward).parameters)
        at = {name: f"[0][{place}]" for place, name in enumerate(names[: len(call.args)])}
        inputs = [(at.get(name, f"[1][{name!r}]"), wanted) for name, wanted in shapes.items()]
    elif isinstance(shapes, tuple | list):
        inputs = [(f"[0][{place}]", wanted) for place, wanted in enumerate(shapes)]
    else:
        return {}
    found: Sizes = {}
    for name, wanted in inputs:
        _collect(name, wanted, found)
    return found


def _collect(name: str, wanted: Any, found: Sizes) -> None:
    """Find the dimensions in the request for one input, nested as the input is."""
    if isinstance(wanted, dict) and all(isinstance(key, int) for key in wanted):
        pairs = list(wanted.items())
    elif isinstance(wanted, dict):
        for key, item in wanted.items():
            _collect(f"{name}[{key!r}]", item, found)
        return
    elif isinstance(wanted, tuple | list) and not any(_holds(item) for item in wanted):
        pairs = list(enumerate(wanted))
    elif isinstance(wanted, tuple | list):
        for place, item in enumerate(wanted):
            _collect(f"{name}[{place}]", item, found)
        return
    else:
        return
    static = torch.export.Dim.STATIC
    found |= {(name, dim): item for dim, item in pairs if item is not None and item != static}


def _holds(item: Any) -> bool:
    return isinstance(item, dict | tuple | list)


def _resized(leaf: Leaf, asked: Sizes) -> Stored:
    """One more in each dynamic dimension, its first row again; one fewer at its upper bound."""
    tensor = leaf.value
    if not isinstance(tensor, torch.Tensor):
        return tensor
    for dim in range(tensor.dim()):
        wanted = asked.get((leaf.name, dim))
        size = tensor.shape[dim]
        if wanted is None or not size:
            continue
        tensor = with_size(tensor, dim, _other(size, wanted))
    return tensor


def _other(size: int, wanted: Any) -> int:
    at_most = getattr(wanted, "max", None)
    step = _step(wanted)
    return size - step if isinstance(at_most, int) and size + step > at_most else size + step


def _step(wanted: Any) -> int:
    """How much a dimension grows where its Dim, or the one it is derived from, grows by one."""
    derive = getattr(wanted, "fn", None)
    return abs(int(derive(2)) - int(derive(1))) if callable(derive) else 1
