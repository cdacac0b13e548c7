"""Placing: each part's role, from its clue, the order of execution and the share of parameters.

Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .parts import Part, is_glue, total_of
from .roles import Kind, Role, is_layer, is_plain

HALF = 0.5  # of the parameters: what starts before they are passed may be backbone by order alone
_ALONE: frozenset[Kind] = frozenset(("named", "output"))  # clues that decide without the order


@dataclass(frozen=True)
class Placed:
    """A part with its role, and why it has it."""

    part: Part
    role: Role
    why: str


def place(parts: Sequence[Part]) -> list[Placed]:
    """Give each part that matters its role. Keeps the order, drops glue."""
    total = total_of(parts)
    last = _last(parts)
    wanted = {part.module.path for part in parts if part is last or not is_glue(part, total)}
    # Glue with a name tells of what follows: after an nn.Upsample the neck has begun.
    placing = _Placing([part for part in parts if part.module.path in wanted or part.clue], total)
    placing.walk()
    return [one for one in placing.placed if one.part.module.path in wanted]


def _last(parts: Sequence[Part]) -> Part | None:
    """What computes the output: however small, it is worth a look."""
    bearing = [part for part in parts if part.parameters and not is_plain(part.module.class_name)]
    return bearing[-1] if bearing else None


class _Placing:
    """Walks the parts in order of execution."""

    def __init__(self, parts: Sequence[Part], total: int) -> None:
        self.placed: list[Placed] = []
        self._parts = parts
        self._total = total
        self._before = 0  # parameters of the parts so far
        self._series: dict[tuple[str, str], Role] = {}

    def walk(self) -> None:
        """Place one part after the other."""
        for index, part in enumerate(self._parts):
            role, reason = self._role(part, self._parts[index + 1 :])
            if role in ("neck", "head"):
                self._series.clear()
            self._series.setdefault(part.series, role)
            self.placed.append(Placed(part, role, self._sentence(part, reason)))
            self._before += part.parameters

    def _role(self, part: Part, after: Sequence[Part]) -> tuple[Role, str]:
        clue, inside = part.clue, part.inside
        if clue and clue.kind in _ALONE:
            return clue.role, clue.why
        if inside and (clue is None or clue.kind in ("base", "stem")):
            return inside.role, f"it is part of a module where {inside.why}"
        if clue is None:
            return self._by_order(part, after)
        if clue.kind == "encoder" and self._follows_backbone(part):
            return "neck", f"{clue.why}, and it works on what a backbone gave"
        if clue.kind == "decoder" and not after:
            return "head", f"{clue.why}, and nothing follows"
        if clue.kind == "link" and not self.placed:
            return "backbone", f"{clue.why}, but it is the first to see the input"
        if clue.kind == "link" and all(one.clue and one.clue.kind == "link" for one in after):
            return "head", f"{clue.why}, and nothing but the output follows"
        return clue.role, clue.why

    def _by_order(self, part: Part, after: Sequence[Part]) -> tuple[Role, str]:
        """The role of what no name speaks for."""
        through, known = self._is_through(), self._series.get(part.series)
        if not after and self._makes_output(part, through):
            return "head", "no name says more, and it makes the output"
        if known:
            return known, "it is named like the one before"
        if through and after:
            return "neck", "it runs between the backbone and the output"
        if not through and self._before < HALF * self._total:
            return "backbone", "no name says more, and it runs early"
        if not through and any(one.clue and one.clue.role != "backbone" for one in after):
            return "backbone", "no name says more, and it runs before neck and head"
        return "other", "neither its name nor its place says more"

    def _makes_output(self, part: Part, through: bool) -> bool:
        """Whether the last part is a head, not the last of the backbone's stages."""
        if not self.placed or any(one.role == "head" for one in self.placed):
            return False
        stage = part.series in self._series and not is_layer(part.module.class_name)
        return not stage and (through or part.parameters < HALF * self._total)

    def _is_through(self) -> bool:
        """Whether the backbone has ended: a named one has run, or a neck behind it has begun.

        A stem only starts one, and a small neck early on is part of it: SlowFast's fusions.
        """
        passed = self._before >= HALF * self._total
        return any(
            (one.role == "backbone" and one.part.kind in ("named", "encoder", "base"))
            or (one.role == "neck" and one.part.kind == "link")
            or (one.role in ("neck", "head") and passed)
            for one in self.placed
        )

    def _follows_backbone(self, part: Part) -> bool:
        """Whether an encoder is not the first to see the input: a DETR's, a prompt's."""
        return any(
            one.role in ("neck", "head")
            or one.part.kind == "named"
            or one.part.parameters > 2 * part.parameters
            for one in self.placed
        )

    def _sentence(self, part: Part, reason: str) -> str:
        many = part.stands_for
        stands = f"; it stands for {many} layers of one kind" if many > 1 else ""
        holds = "they hold" if many > 1 else "it holds"
        share = 100 * part.parameters / self._total
        much = (
            "no" if not share else f"{share:.0f} % of the" if share >= 1 else "less than 1 % of the"
        )
        first = ", and runs first" if self._before == 0 else ""
        sentence = f"{reason}{stands}; {holds} {much} parameters{first}."
        return sentence[0].upper() + sentence[1:]
