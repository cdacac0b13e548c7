"""What a graph is compared with and may be compared with, as its page shows it."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.graph_address import Links
from app.services.pairs import Pair, PairList, likeliest


@dataclass(frozen=True)
class Pairs:
    """The pairs of the graph on a page; links keep what else is seen."""

    graph_id: int
    found: PairList
    links: Links

    @property
    def base(self) -> int | None:
        """The graph that this one is compared with now."""
        return self.links.address.base

    @property
    def now(self) -> Pair | None:
        """The pair that is seen now, if it is one of them."""
        return next((pair for pair in self.found.pairs if pair.base == self.base), None)

    @property
    def likeliest(self) -> Pair | None:
        """The pair to begin with."""
        return likeliest(self.found.pairs)

    def to(self, pair: Pair) -> str:
        """The page with this base."""
        return self.links.to(base=pair.base, first=0, **self._own_node)

    @property
    def alone(self) -> str:
        """The page without a base."""
        return self.links.to(
            base=None, changes=False, side=False, status="", first=0, **self._own_node
        )

    @property
    def swapped(self) -> str:
        """The page of the base, with this graph for its base and the same node open."""
        address = self.links.address
        whose = "base" if address.node and not address.of else ""
        return f"/graphs/{self.base}{address.text(base=self.graph_id, of=whose, first=0)}"

    @property
    def kept(self) -> Iterator[tuple[str, str]]:
        """Fields of a form that keep what is seen."""
        fields = self.links.address.model_dump(by_alias=True, exclude_defaults=True)
        for name, value in fields.items():
            if name not in ("base", "from", *self._own_node):
                yield name, "1" if value is True else str(value)

    @property
    def _own_node(self) -> dict[str, str]:
        """Closes a node that is the old base's: another base does not have it."""
        return {"node": "", "of": ""} if self.links.address.of else {}
