"""The `dynamic_shapes` that a person can paste: named Dims where that is possible, else hints."""

import json
import keyword
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch.export import Dim

from .call import Call
from .contract_dims import Dimension, shapes_with
from .contract_open import Open, Symbol

LOWEST = 2  # torch asks nothing of sizes below


class _Code(str):
    """A piece of Python that prints as it is."""

    __slots__ = ()


@dataclass(frozen=True)
class Pasted:
    """A text that defines `dynamic_shapes`, and what stands in it for each open dimension."""

    form: str  # named or auto
    text: str
    names: dict[Any, str]  # symbol → its name
    dims: dict[tuple[int, int], str]  # (leaf, dimension) → Python

    def shapes(self) -> Any:
        """What the text defines, made by running it."""
        names: dict[str, Any] = {}
        exec(self.text, names)  # noqa: S102 - made here from names that are printed as literals
        return names["dynamic_shapes"]


def named(call: Call, found: Open) -> Pasted | None:
    """With a Dim for each symbol; None where a dimension is no multiple of one plus a number."""
    names = symbol_names(found.symbols)
    lines, base = ["from torch.export import Dim", ""], {}
    for one in found.symbols:
        if one.span is None:
            return None
        text, expression = _dim(names[one.symbol], one)
        lines.append(text)
        base[one.symbol] = expression
    dims: dict[Any, str] = {}
    for key, size in found.exported.sizes.items():
        if not isinstance(size, int):
            affine = _affine(size, base)
            if affine is None:
                return None
            dims[key] = affine
    return Pasted("named", _text(call, lines, dims), names, dims)


def automatic(call: Call, found: Open) -> Pasted:
    """With Dim.AUTO for each open dimension, and its bounds where the program has some."""
    dims = {}
    for key, size in found.exported.sizes.items():
        if not isinstance(size, int):
            one = next((s for s in found.symbols if s.symbol == size), None)
            dims[key] = f"Dim.AUTO{_bounds(one, 1)}" if one and _bounds(one, 1) else "Dim.AUTO"
    names = symbol_names(found.symbols)
    text = _text(call, ["from torch.export import Dim"], dims)
    return Pasted("auto", text, names, dims)


def symbol_names(symbols: Sequence[Symbol]) -> dict[Any, str]:
    """A name for each symbol: what its dimension is likely to be, with the input where taken."""
    names: dict[Any, str] = {}
    for one in symbols:
        place = re.sub(r"\W+", "_", one.root.input).strip("_") or "input"
        role = one.root.role or f"dim{one.root.dim}"
        choices = [one.root.role, f"{place}_{role}", f"{place}_{one.root.dim}"]
        usable = [name for name in choices if _is_free(name, names)]
        names[one.symbol] = usable[0] if usable else f"size_{len(names)}"
    return names


def _is_free(name: str, names: Mapping[Any, str]) -> bool:
    return (
        name.isidentifier()
        and not keyword.iskeyword(name)
        and name not in names.values()
        and name not in ("Dim", "dynamic_shapes")
    )


def _dim(name: str, one: Symbol) -> tuple[str, tuple[int, str, int]]:
    """The line that makes a Dim, and the symbol in terms of it: factor, name, what is added."""
    assert one.span is not None
    step, rest = one.span.step, one.span.remainder
    if step == 1:
        return f'{name} = Dim("{name}"{_rest(_bounds(one, 1))})', (1, name, 0)
    unit = f"_{name}"
    return f'{unit} = Dim("{unit}"{_rest(_bounds(one, step))})', (step, unit, rest)


def _bounds(one: Symbol, step: int) -> str:
    """`(min=4, max=64)` in steps; empty where there are none worth telling."""
    if one.span is None:
        return ""
    lower, upper = one.span.lower, one.span.upper
    bounds = []
    if lower > LOWEST or step > 1:
        bounds.append(f"min={(lower - one.span.remainder) // step if step > 1 else lower}")
    if upper is not None:
        bounds.append(f"max={(upper - one.span.remainder) // step if step > 1 else upper}")
    return f"({', '.join(bounds)})" if bounds else ""


def _rest(bounds: str) -> str:
    return f", {bounds[1:-1]}" if bounds else ""


def _affine(size: Any, base: Mapping[Any, tuple[int, str, int]]) -> str | None:
    """`2*batch + 1`; None where the expression is nothing like it."""
    free = list(size.free_symbols)
    if len(free) != 1 or free[0] not in base or not size.is_polynomial(free[0]):
        return None
    (symbol,) = free
    factor, constant = size.coeff(symbol, 1), size.coeff(symbol, 0)
    if not factor.is_Integer or not constant.is_Integer or factor * symbol + constant != size:
        return None
    step, name, rest = base[symbol]
    return _sum(int(factor) * step, name, int(factor) * rest + int(constant))


def _sum(factor: int, name: str, constant: int) -> str:
    text = name if factor == 1 else f"{factor}*{name}"
    if constant == 0:
        return text
    return f"{text} {'+' if constant > 0 else '-'} {abs(constant)}"


def _text(call: Call, lines: list[str], dims: Mapping[tuple[int, int], str]) -> str:
    shapes = shapes_with(call, {key: _Code(text) for key, text in dims.items()})
    body = [f"    {json.dumps(key)}: {_python(value)}," for key, value in shapes.items()]
    return "\n".join([*lines, "dynamic_shapes = {", *body, "}", ""])


def _python(value: Any) -> str:
    if isinstance(value, _Code):
        return str(value)
    if isinstance(value, dict):
        items = (f"{_key(key)}: {_python(item)}" for key, item in value.items())
        return "{" + ", ".join(items) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_python, value)) + "]"
    if isinstance(value, tuple):
        return "(" + "".join(f"{_python(item)}, " for item in value).strip() + ")"
    return repr(value)


def _key(key: Any) -> str:
    return json.dumps(key) if isinstance(key, str) else repr(key)


def hints_for(dimensions: Sequence[Dimension]) -> dict[tuple[int, int], Any]:
    """Dim.AUTO for all of these."""
    return {one.key: Dim.AUTO for one in dimensions}
