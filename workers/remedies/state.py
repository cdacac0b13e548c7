"""Weights that forward changes, and tensors that it keeps on the module from call to call."""

import re
from collections.abc import Iterator

import libcst as cst
import libcst.matchers as m

from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.place import place_of
from workers.remedies.standins import initial_value
from workers.remedies.syntax import Change, Source, expression, parse, splice, statements

_LOST = re.compile(r"((?:self(?:\.\w+)+(?:, )?)+) is assigned in forward")
_PARAMETER = ("nn.Parameter", "torch.nn.Parameter", "Parameter")

_MUTATION = frozenset({"mutation"})


def without_gradient(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """The statement that changes a weight, under torch.no_grad."""
    place = place_of(cause, upload)
    statement = place.statement if place else None
    if place is None or not isinstance(statement, cst.SimpleStatementLine):
        return
    source = place.source
    if not _weight_of(statement) or ".data" in source.code(statement):
        return
    code = source.code(statement.with_changes(leading_lines=())).strip("\n")
    block = statements(f"with torch.no_grad():\n    {code.strip()}\n")
    text = source.replaced({statement: splice(statement, block)})
    yield Edit({place.path: text}, note="The weight is changed as before, outside of autograd.")


def weight_to_buffer(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """A buffer in place of the weight that forward changes, under the same name."""
    place = place_of(cause, upload)
    if place is None:
        return
    source = place.source
    name, owner = _weight_of(place.statement), source.klass(place.statement)
    made = _assigned_in_init(source, owner, name) if owner and name else None
    if owner is None or made is None or not isinstance(made[1], cst.Call):
        return
    init, value = made
    assert isinstance(value, cst.Call)
    if source.code(value.func) not in _PARAMETER or not value.args:
        return
    buffer = f'self.register_buffer("{name}", {source.code(value.args[0].value)})\n'
    changes: dict[cst.CSTNode, Change] = {init: splice(init, statements(buffer))}
    for method in m.findall(owner, m.SimpleStatementLine()):
        if isinstance(method, cst.SimpleStatementLine) and method is not init:
            changes |= _without_data(source, method, name)
    note = f"{name} is a buffer: saved and loaded as before, no longer trained."
    yield Edit({place.path: source.replaced(changes)}, note=note)


def state_to_buffer(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """A buffer for a tensor that forward assigns to its module, and `copy_` for the assignment."""
    lost = _LOST.search(cause.message)
    for name in dict.fromkeys(p.rpartition(".")[2] for p in lost[1].split(", ")) if lost else ():
        for path, text in upload.files.items():
            source = parse(text) if name in text else None
            for owner in m.findall(source.module, m.ClassDef()) if source else ():
                assert source is not None
                assert isinstance(owner, cst.ClassDef)
                if (new := _kept(source, owner, name, upload)) is not None:
                    note = f"{name} is a buffer, which the exported program keeps."
                    yield Edit({path: new}, note=note)


def keep_in_buffer(text: str, owner: str, name: str, upload: Upload) -> str | None:
    """A file with `self.<name>` of a class in a buffer; None where its first value is not known."""
    source = parse(text)
    if source is None:
        return None
    for node in m.findall(source.module, m.ClassDef(name=m.Name(owner))):
        assert isinstance(node, cst.ClassDef)
        if (new := _kept(source, node, name, upload)) is not None:
            return new
    return None


def _kept(source: Source, owner: cst.ClassDef, name: str, upload: Upload) -> str | None:
    made = _assigned_in_init(source, owner, name)
    initial = initial_value(source, owner, name, made[1], upload) if made else None
    if made is None or initial is None:
        return None
    buffer = f'self.register_buffer(\n    "{name}", {initial}, persistent=False\n)\n'
    changes: dict[cst.CSTNode, Change] = {made[0]: splice(made[0], statements(buffer))}
    assigned = 0
    for node in m.findall(owner, m.SimpleStatementLine()):
        assert isinstance(node, cst.SimpleStatementLine)
        if node is not made[0] and (value := value_given(node, name)) is not None:
            new = statements(f"self.{name}.copy_({source.code(value)})\n")[0]
            trailing = {"trailing_whitespace": node.trailing_whitespace}
            changes[node] = splice(node, [new.with_changes(**trailing)])
            assigned += 1
    changes |= _without_first_call(source, owner, name)
    return source.replaced(changes) if assigned else None


def _without_first_call(
    source: Source, owner: cst.ClassDef, name: str
) -> dict[cst.CSTNode, Change]:
    """What asks whether there is a value yet: there always is."""
    changes: dict[cst.CSTNode, Change] = {}
    for choice in m.findall(owner, m.IfExp()):
        assert isinstance(choice, cst.IfExp)
        asked = source.code(choice.test)
        if asked in (f"self.{name} is None", f"self.{name} is not None"):
            kept = choice.orelse if asked.endswith("is None") else choice.body
            read = source.code(kept)
            changes[choice] = expression(f"{read}.clone()" if read == f"self.{name}" else read)
    for branch in m.findall(owner, m.If(orelse=None)):
        assert isinstance(branch, cst.If)
        if source.code(branch.test) == f"self.{name} is None":
            changes[branch] = cst.RemoveFromParent()
    return changes


def _assigned_in_init(
    source: Source, owner: cst.ClassDef, name: str
) -> tuple[cst.SimpleStatementLine, cst.BaseExpression] | None:
    """The statement of `__init__` that gives `self.<name>` its value, and that value."""
    for node in m.findall(owner, m.SimpleStatementLine()):
        function = source.function(node)
        if function and function.name.value == "__init__" and source.klass(node) is owner:
            assert isinstance(node, cst.SimpleStatementLine)
            if (value := value_given(node, name)) is not None:
                return node, value
    return None


def value_given(node: cst.SimpleStatementLine, name: str) -> cst.BaseExpression | None:
    """What a statement that does nothing else assigns to `self.<name>`."""
    if len(node.body) != 1:
        return None
    target = m.Attribute(value=m.Name("self"), attr=m.Name(name))
    small = node.body[0]
    if m.matches(small, m.Assign(targets=[m.AssignTarget(target=target)])):
        assert isinstance(small, cst.Assign)
        return small.value
    if m.matches(small, m.AnnAssign(target=target)):
        assert isinstance(small, cst.AnnAssign)
        return small.value
    return None


def _weight_of(statement: cst.CSTNode) -> str:
    """The attribute of self that a statement changes in place; empty: none."""
    own = m.Attribute(value=m.Name("self"), attr=m.SaveMatchedNode(m.Name(), "name"))
    data = m.Attribute(value=own, attr=m.Name("data"))
    in_place = m.Attribute(value=own | data, attr=m.Name(value=m.MatchRegex(r"[a-z]\w*[^_]_")))
    for pattern in (
        m.Call(func=in_place),
        m.AssignTarget(target=data | m.Subscript(value=own | data)),
        m.AugAssign(target=own | data | m.Subscript(value=own | data)),
    ):
        for found in m.extractall(statement, pattern):
            node = found["name"]
            if isinstance(node, cst.Name):
                return node.value
    return ""


def _without_data(
    source: Source, node: cst.SimpleStatementLine, name: str
) -> dict[cst.CSTNode, Change]:
    """A statement with `self.<name>.data` gone: read as the buffer itself, assigned by copy_."""
    code = source.code(node.with_changes(leading_lines=())).strip("\n").strip()
    if f"self.{name}.data" not in code:
        return {}
    plain = re.sub(rf"self\.{name}\.data\b", f"self.{name}", code)
    if assigned := re.match(rf"self\.{name} = (.+?)(\s*#.*)?$", plain):
        plain = f"self.{name}.copy_({assigned[1]}){assigned[2] or ''}"
    return {node: splice(node, statements(plain + "\n"))}


NO_GRAD = Remedy(
    "weight_under_no_grad",
    "Change the weight under torch.no_grad",
    "rewrite",
    _MUTATION,
    without_gradient,
)
WEIGHT = Remedy(
    "weight_to_buffer",
    "Make the weight a buffer",
    "rewrite",
    _MUTATION,
    weight_to_buffer,
)
STATE = Remedy(
    "state_to_buffer",
    "Keep the state in a registered buffer",
    "rewrite",
    _MUTATION | {"numeric_mismatch"},
    state_to_buffer,
)
