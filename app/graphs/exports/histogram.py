"""How often each operator is called, and in which of the top modules, as CSV (RFC 4180)."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from app.graphs.document import GraphDocument, Node
from app.graphs.exports.bodies import bodies_of, on_one_line

# What a spreadsheet may take for a formula: also behind what separates cells in other countries,
# and in full width.
_FORMULA = re.compile("(^|[;,|])(?=[\\s'\"]*[=+\\-@\uff1d\uff0b\uff0d\uff20])")

Histogram = Counter[tuple[str, str]]  # of operator and top module


def histogram(document: GraphDocument) -> Histogram:
    """Calls by operator and top module, subgraphs included; `""` is the model's own code."""
    return Counter(
        (node.target, _top_module(node))
        for body in bodies_of(document)
        for node in body.nodes
        if node.op.startswith("call_")
    )


def to_csv(document: GraphDocument, base: GraphDocument | None = None) -> str:
    """One row for each operator in each top module, the most frequent operators first.

    `total` is of the operator in all modules. With a base the rows are of both graphs.
    """
    counts = [histogram(document)] + ([] if base is None else [histogram(base)])
    totals = [_by_operator(count) for count in counts]
    cells = sorted(
        set().union(*counts), key=lambda cell: (*(-total[cell[0]] for total in totals), *cell)
    )
    heads = ["", "base_"][: len(counts)]
    rows: list[list[str | int]] = [
        [
            "target",
            *(f"{head}total" for head in heads),
            "module",
            *(f"{head}count" for head in heads),
        ]
    ]
    for operator, module in cells:
        in_all = [total[operator] for total in totals]
        rows.append([operator, *in_all, module, *(count[operator, module] for count in counts)])
    return _csv(rows)


def _by_operator(histogram: Histogram) -> Counter[str]:
    totals: Counter[str] = Counter()
    for (operator, _), count in histogram.items():
        totals[operator] += count
    return totals


def _top_module(node: Node) -> str:
    path = next((path for path, _, _ in node.modules if path), "")
    return path.partition(".")[0]


def _csv(rows: Iterable[Sequence[str | int]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file)  # its dialect is the RFC's
    for row in rows:
        writer.writerow(_cell(value) if isinstance(value, str) else value for value in row)
    return file.getvalue()


def _cell(text: str) -> str:
    """Text that no spreadsheet computes: an apostrophe stands before what would be a formula."""
    return _FORMULA.sub(r"\1'", on_one_line(text).replace("\t", " "))
