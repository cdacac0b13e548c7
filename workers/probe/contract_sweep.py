"""Tries of a contract: dimensions at other sizes, alone and together, and the script's examples."""

from collections.abc import Iterator, Sequence

from .contract_clock import Clock
from .contract_dims import Arguments, Dimension
from .contract_export import Exported
from .contract_open import Open, Symbol, takes
from .contract_sizes import around, others_than, outside
from .contract_tries import Trier, Try

INSIDE = 3  # sizes of each symbol that are tried inside its range
OUTSIDE = 2
FIXED = 2  # sizes of each fixed dimension that are tried
MOST_JOINT = 3  # sets of sizes that differ in every symbol


class Sweep:
    """Runs eager, and the program where there is one, at sizes that tell something."""

    def __init__(
        self,
        trier: Trier,
        clock: Clock,
        inputs: Arguments,
        found: Open | None = None,
        exported: Exported | None = None,
    ) -> None:
        self._trier = trier
        self._clock = clock
        self._inputs = inputs
        self.found = found  # what is known of the sizes
        self._exported = exported  # the program that is tried

    def own(self) -> Try | None:
        """The script's own inputs, or those that the export was made from."""
        return self._run({}) if self._clock.allows("the script's own inputs", "run") else None

    def of_symbol(self, symbol: Symbol) -> list[Try]:
        """One symbol at sizes inside its range, those that torch leaves unchecked, and outside."""
        span = symbol.span
        if span is None:
            wanted = others_than(symbol.size)
        else:
            near = [one for one in (0, 1) if one in span]
            far = [one for one in around(span, symbol.size) if one not in near]
            wanted = [*far[:INSIDE], *near, *outside(span, symbol.size)[:OUTSIDE]]
        tries = (self._try({symbol.symbol: size}) for size in wanted)
        return [one for one in tries if one is not None]

    def joint(self) -> Iterator[Try]:
        """Every symbol at another size at once."""
        if self.found is None:
            return
        symbols = [one for one in self.found.symbols if one.span is not None]
        if len(symbols) < 2:
            return
        for step in range(MOST_JOINT):
            values = {}
            for one in symbols:
                assert one.span is not None
                inside = [size for size in around(one.span, one.size) if size > 1]
                values[one.symbol] = inside[step % len(inside)] if inside else one.size
            own = {one.symbol: one.size for one in self.found.symbols}
            if takes(self.found.exported, own | values) and (tried := self._try(values)):
                yield tried

    def of_fixed(self, dimension: Dimension, partners: Sequence[Dimension]) -> list[Try]:
        """A fixed dimension at other sizes: alone, else with those that are tied to it."""
        alone = self._fixed([dimension])
        if len(partners) > 1 and not any(one.eager == "ran" for one in alone):
            return [*alone, *self._fixed(partners)]
        return alone

    def _fixed(self, dimensions: Sequence[Dimension]) -> list[Try]:
        tries = []
        for size in others_than(dimensions[0].size)[:FIXED]:
            if not self._clock.allows(f"other sizes of {dimensions[0].name}", "run"):
                break
            tries.append(self._run({one.key: size for one in dimensions}))
        return tries

    def of_example(self, example: Arguments) -> Try | None:
        """One of the script's further examples."""
        if not self._clock.allows("the script's other examples", "run"):
            return None
        with self._clock.timed("run"):
            return self._trier.run(self._exported, example, {})

    def _try(self, values: dict[object, int]) -> Try | None:
        assert self.found is not None
        sizes = self.found.sizes(values)
        names = ", ".join(str(one.root.name) for one in self.found.symbols if one.symbol in values)
        if sizes is None or not self._clock.allows(f"other sizes of {names}", "run"):
            return None
        return self._run(sizes)

    def _run(self, sizes: dict[tuple[int, int], int]) -> Try:
        with self._clock.timed("run"):
            return self._trier.run(self._exported, self._inputs, sizes)
