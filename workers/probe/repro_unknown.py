"""Variables whose sizes only the data knows, as an export meets them behind other blockers."""

import re
from collections.abc import Sequence

from .repro_record import Seen

_UNBACKED = re.compile(r"\bu\d+\b")
_CAPPED = re.compile(r"\bMin\((\d+), u\d+\)")  # of a slice: `boxes[keep][:1000]`


def unknown_lines(names: Sequence[str], seen: Seen, expression: str) -> list[str]:
    """Statements after which tensors have as many rows, and numbers are as large, as only the data
    knows: what an expression with an unbacked symbol was made of. Empty where there is none.
    """
    if not _UNBACKED.search(expression):
        return []
    cap = _CAPPED.search(expression)
    lines: dict[str, None] = {}

    def kept(count: int) -> str:
        most = max(count, 2 * int(cap[1])) if cap else count
        rows = f":{cap[1]}" if cap else ":"
        lines[f"kept_{count} = torch.nonzero(torch.ones({most}))[{rows}, 0]"] = None
        return f"kept_{count}"

    for name in names:
        if name in seen.rows:
            lines[f"{name} = {name}[{kept(seen.rows[name])}]"] = None
        elif name in seen.rows_of_each:
            lines[f"{name} = [one[{kept(seen.rows_of_each[name])}] for one in {name}]"] = None
        elif name in seen.numbers:
            lines[f"{name} = {kept(seen.numbers[name])}.shape[0]"] = None
    return [*lines]
