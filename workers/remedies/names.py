"""Which names a piece of code stores and reads, by syntax alone."""

from collections.abc import Iterable

import libcst as cst

from workers.remedies.syntax import Source


class _Names(cst.CSTVisitor):
    """Names in one pass. Attributes and keywords are no names; a nested function's count too."""

    def __init__(self) -> None:
        super().__init__()
        self.stored: set[str] = set()
        self.read: set[str] = set()

    def visit_Name(self, node: cst.Name) -> None:  # noqa: N802
        self.read.add(node.value)

    def visit_Attribute_attr(self, node: cst.Attribute) -> None:  # noqa: N802
        self._before = set(self.read)

    def leave_Attribute_attr(self, node: cst.Attribute) -> None:  # noqa: N802
        self.read = self._before

    def visit_Arg_keyword(self, node: cst.Arg) -> None:  # noqa: N802
        self._before = set(self.read)

    def leave_Arg_keyword(self, node: cst.Arg) -> None:  # noqa: N802
        self.read = self._before

    def visit_AssignTarget(self, node: cst.AssignTarget) -> bool:  # noqa: N802
        return self._store(node.target)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> bool:  # noqa: N802
        self._store(node.target)
        if node.value is not None:
            node.value.visit(self)
        return False

    def visit_AugAssign(self, node: cst.AugAssign) -> None:  # noqa: N802
        self._store(node.target)

    def visit_For_target(self, node: cst.For) -> None:  # noqa: N802
        self._store(node.target)

    def visit_AsName(self, node: cst.AsName) -> bool:  # noqa: N802
        return self._store(node.name)

    def visit_NamedExpr(self, node: cst.NamedExpr) -> None:  # noqa: N802
        self._store(node.target)

    def _store(self, target: cst.BaseExpression) -> bool:
        """Note the names of a target; True where the target also reads something."""
        if isinstance(target, cst.Name):
            self.stored.add(target.value)
            return False
        if isinstance(target, cst.Tuple | cst.List):
            return sum(self._store(element.value) for element in target.elements) > 0
        if isinstance(target, cst.StarredElement):
            return self._store(target.value)
        return True


def stored(nodes: Iterable[cst.CSTNode]) -> set[str]:
    """Names that are assigned."""
    return _visit(nodes).stored


def read(nodes: Iterable[cst.CSTNode]) -> set[str]:
    """Names that are read."""
    return _visit(nodes).read


def defined_before(source: Source, node: cst.CSTNode) -> set[str]:
    """Names of the function around `node` that its parameters or an earlier line give a value."""
    function = source.function(node)
    if function is None:
        return set()
    names = set(parameters(function))
    line = source.line(node)
    for place in source.ranges:
        if not isinstance(place, cst.BaseSmallStatement | cst.For | cst.With):
            continue
        if source.line(place) < line and source.function(place) is function:
            names |= read([place.target]) if isinstance(place, cst.For) else stored([place])
    return names


def parameters(function: cst.FunctionDef) -> list[str]:
    """The names of a function's parameters, in order, without * and **."""
    given = function.params
    return [p.name.value for p in (*given.posonly_params, *given.params, *given.kwonly_params)]


def value_of(source: Source, name: str, before: cst.CSTNode) -> cst.BaseExpression | None:
    """What the last line before `before`, in its function, assigned to a name."""
    function, line = source.function(before), source.line(before)
    found = [
        node
        for node in source.ranges
        if isinstance(node, cst.Assign)
        and source.line(node) < line
        and source.function(node) is function
        and [isinstance(t.target, cst.Name) and t.target.value for t in node.targets] == [name]
    ]
    return max(found, key=source.line).value if found else None


def free(wanted: str, source: Source) -> str:
    """A name like `wanted` that the file does not use yet."""
    used, name, number = read([source.module]) | stored([source.module]), wanted, 2
    while name in used:
        name, number = f"{wanted}_{number}", number + 1
    return name


def _visit(nodes: Iterable[cst.CSTNode]) -> _Names:
    names = _Names()
    for node in nodes:
        node.visit(names)
    return names
