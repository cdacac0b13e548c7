"""The culprit's place in the upload: its statement, what stands on its line, and edits there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import libcst as cst

from workers.remedies.model import Cause, Edit, Upload
from workers.remedies.syntax import Change, Source, Statement, parse, splice, with_import

Node = TypeVar("Node", bound=cst.CSTNode)


@dataclass(frozen=True)
class Place:
    """One line of one file of the upload, and the innermost statement there."""

    path: str
    source: Source
    statement: Statement
    line: int

    def nodes(self, *kinds: type[Node]) -> list[Node]:
        """The nodes of these kinds on the line, outermost and leftmost first."""
        return [
            node
            for node, span in self.source.ranges.items()
            if isinstance(node, kinds)
            and span.start.line <= self.line <= span.end.line
            and self._is_own(node)
        ]

    def edit(self, changes: Mapping[cst.CSTNode, Change], note: str) -> Edit:
        """The file with these changes, and torch imported."""
        return Edit({self.path: with_import(self.source.replaced(changes), "torch")}, note=note)

    def preceded(
        self, new: Sequence[cst.BaseStatement], changes: Mapping[cst.CSTNode, Change], note: str
    ) -> Edit | None:
        """The file with statements before the place's own; None where none can stand there."""
        if self.source.suite(self.statement) is None:
            return None
        put: dict[cst.CSTNode, Change] = dict(changes)
        put[self.statement] = lambda node: splice(node, [*new, bare(node)])
        return self.edit(put, note)

    def _is_own(self, node: cst.CSTNode) -> bool:
        """Whether a node is of the statement itself rather than of a suite within it."""
        for around in self.source.ancestors(node):
            if around is self.statement:
                return True
            if isinstance(around, cst.BaseSuite):
                return False
        return node is self.statement


def place_of(cause: Cause, upload: Upload) -> Place | None:
    """Where the culprit stands in the upload's sources; None where it is not one of theirs."""
    spot = cause.spot(upload)
    source = parse(upload.files[spot[0]]) if spot else None
    statement = source.statement(spot[1]) if spot and source else None
    if spot is None or source is None or statement is None:
        return None
    return Place(spot[0], source, statement, spot[1])


def bare(node: Statement) -> Statement:
    """A statement without the lines of comments above it."""
    return node.with_changes(leading_lines=())
