"""A weighted average that walks over time, as one product: export keeps time symbolic.

    state, states = x[:, 0], []
    for t in range(x.shape[1]):
        state = a * state + b * x[:, t]
        states.append(state)
    torch.stack(states, dim=1)

is, written out, a product of x with a lower triangular matrix of powers of a. Its sums run in
another order, so the results agree to rounding.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst
import libcst.matchers as m

from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.place import place_of
from workers.remedies.syntax import Change, Source, expression, splice, statements

_FROM_ONE = """\
{frames} = torch.arange({x}.shape[{dim}], device={x}.device)
lag = ({frames}[:, None] - {frames}).clamp(min=0)
fading = {a} ** lag
weights = torch.where({frames} == 0, fading, {b} * fading).tril()
"""
_FROM_ZERO = """\
{frames} = torch.arange({x}.shape[{dim}], device={x}.device)
lag = ({frames}[:, None] - {frames}).clamp(min=0)
fading = {a} ** lag
weights = ({b} * fading).tril()
weights = weights + torch.where({frames} == 0, {a} ** ({frames}[:, None] + 1), 0.0)
"""
_PRODUCT = "({x}.movedim({dim}, -1) @ weights.to({x}.dtype).T).movedim(-1, {dim})"


@dataclass(frozen=True)
class Walk:
    """The parts of such a loop, as code."""

    x: str  # what is walked over
    dim: int  # along which dimension
    state: str
    outputs: str  # the list
    a: str
    b: str
    step: str
    start: int


def as_product(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """The loop at the culprit's line as one matrix product."""
    place = place_of(cause, upload)
    loop = place.statement if place else None
    around = place.source.function(place.statement) if place else None
    if place is None or around is None or not isinstance(loop, cst.For):
        return
    source = place.source
    walk = _read(source, loop)
    if walk is None or not _starts_so(source, around, loop, walk):
        return
    stack = m.Call(args=[m.Arg(value=m.Name(walk.outputs)), m.AtMostN(n=1)])
    stacks = [
        node
        for node in m.findall(around, stack)
        if isinstance(node, cst.Call) and _stacks(source, node, walk)
    ]
    if len(stacks) != 1 or _others(around, walk):
        return
    values = {**vars(walk), "frames": f"{walk.step}s"}
    code = (_FROM_ONE if walk.start else _FROM_ZERO).format(**values)
    product = expression(_PRODUCT.format(**values))
    changes: dict[cst.CSTNode, Change] = {
        loop: splice(loop, statements(code)),
        stacks[0]: product,
    }
    text = source.replaced(changes)
    note = f"All of {walk.outputs} in one product; sums run in another order."
    yield Edit({place.path: text}, note=note)


def _read(source: Source, loop: cst.For) -> Walk | None:
    """A loop of two statements over `range`, read; None where it is another one."""
    body = loop.body.body
    if not isinstance(loop.target, cst.Name) or not isinstance(loop.iter, cst.Call):
        return None
    if source.code(loop.iter.func) != "range" or len(body) != 2 or loop.orelse:
        return None
    step, bounds = loop.target.value, [source.code(arg.value) for arg in loop.iter.args]
    if bounds[:-1] not in ([], ["0"], ["1"]):
        return None
    first, second = (_code(source, part) for part in body)
    assigned = re.fullmatch(r"(\w+) = (.+)", first)
    appended = re.fullmatch(r"(\w+)\.append\((\w+)\)", second)
    if not assigned or not appended or appended[2] != assigned[1]:
        return None
    terms = _terms(source, expression(assigned[2]), assigned[1], step)
    if terms is None:
        return None
    a, b, x, dim = terms
    if bounds[-1] not in (f"{x}.shape[{dim}]", f"{x}.size({dim})"):
        return None
    start = int(bounds[0]) if len(bounds) > 1 else 0
    return Walk(x, dim, assigned[1], appended[1], a, b, step, start)


def _code(source: Source, statement: cst.CSTNode) -> str:
    """A statement without the comments around it."""
    is_line = isinstance(statement, cst.SimpleStatementLine)
    plain = statement.with_changes(leading_lines=()) if is_line else statement
    return source.code(plain).strip().partition("  #")[0]


def _terms(
    source: Source, value: cst.BaseExpression, state: str, step: str
) -> tuple[str, str, str, int] | None:
    """a, b, x and the dimension of `a * state + b * x[:, step]`, whichever way round."""
    if not m.matches(value, m.BinaryOperation(operator=m.Add())):
        return None
    assert isinstance(value, cst.BinaryOperation)
    kept, new = "", None
    for term in (value.left, value.right):
        if not m.matches(term, m.BinaryOperation(operator=m.Multiply())):
            return None
        assert isinstance(term, cst.BinaryOperation)
        for factor, other in ((term.left, term.right), (term.right, term.left)):
            code = source.code(factor)
            if code == state:
                kept = source.code(other)
            elif found := re.fullmatch(rf"(\w+)\[((?::, )*){step}\]", code):
                new = source.code(other), found[1], found[2].count(":")
    names = set(re.findall(r"\w+", f"{kept} {new[0]}")) if new else set()
    if not kept or new is None or names & {state, step, new[1]}:
        return None
    return kept, *new


def _starts_so(source: Source, around: cst.FunctionDef, loop: cst.For, walk: Walk) -> bool:
    """Whether the state begins with the first frame, and the list with what that asks for."""
    first = f"{walk.x}[{':, ' * walk.dim}0]"
    empty = f"[{walk.state}]" if walk.start else "[]"
    before = [
        source.code(node).strip()
        for node in m.findall(around, m.Assign())
        if source.line(node) < source.line(loop)
    ]
    both = f"{walk.state}, {walk.outputs} = {first}, {empty}"
    return both in before or (
        f"{walk.state} = {first}" in before and f"{walk.outputs} = {empty}" in before
    )


def _stacks(source: Source, call: cst.Call, walk: Walk) -> bool:
    """Whether this is `torch.stack(outputs, dim=…)` along the dimension that was walked over."""
    where = source.code(call.args[1].value) if len(call.args) > 1 else "0"
    return source.code(call.func) == "torch.stack" and where == str(walk.dim)


def _others(around: cst.FunctionDef, walk: Walk) -> bool:
    """Whether the list or a name that the product needs is used for anything else."""
    uses = len(m.findall(around, m.Name(walk.outputs)))
    new = m.Name("lag") | m.Name("fading") | m.Name("weights") | m.Name(f"{walk.step}s")
    return uses != 3 or bool(m.findall(around, new))


REMEDY = Remedy(
    "product_for_recurrence",
    "Write the recurrence over time as one product",
    "rewrite",
    frozenset({"dynamic_shape_violation"}),
    as_product,
)
