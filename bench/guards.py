"""What it costs to catch where guards and unbacked symbols come from.

    python -m bench.guards [--rounds N]

Each model is exported in turn with the probe's watching and without it, warm, in one process, so
that the ratio holds on a machine whose speed drifts. DESIGN's budget: at most 10 % on top.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from torch.export import Dim
from torch.utils import _pytree as pytree

from bench.loading import model_and_inputs
from workers.probe.frames import Places
from workers.probe.torch_guards import recorded_guards
from workers.probe.torch_state import lost_attributes
from workers.probe.torch_symbols import recorded_births

ROOT = Path(__file__).resolve().parent.parent
MODELS = (
    *sorted(ROOT.glob("examples/*_fixed.py")),
    *(ROOT / "bench" / "models" / f"{name}.py" for name in ("videomae", "vitpose")),
)


def main() -> None:
    """Print the ratio of each model, and their geometric mean."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{'all dimensions AUTO':28} {'guards':>6} {'plain s':>8} {'watched s':>9} {'ratio':>6}")
    ratios = [compare(path, options.rounds) for path in MODELS]
    print(f"{'geometric mean':54} {statistics.geometric_mean(ratios):6.3f}")


def compare(path: Path, rounds: int) -> float:
    """Time one model both ways in turn; prints a row and returns the median of the ratios."""
    export = _exporter(path)
    export()  # what the first export of a model leaves behind is there for both
    pairs = [(_timed(export, None), _timed(export, Places(path.parent))) for _ in range(rounds)]
    plain = statistics.median(first for (first, _), _ in pairs)
    watched = statistics.median(second for _, (second, _) in pairs)
    ratio = statistics.median(second / first for (first, _), (second, _) in pairs)
    guards = pairs[0][1][1]
    print(f"{path.stem:28} {guards:6} {plain:8.2f} {watched:9.2f} {ratio:6.3f}", flush=True)
    return ratio


def _exporter(path: Path) -> Callable[[], Any]:
    """The export that a script asks for, with every dimension of its inputs AUTO."""
    model, args, kwargs = model_and_inputs(path)
    dynamic = pytree.tree_map(_all_auto, kwargs or args)
    return lambda: torch.export.export(model, args, kwargs, dynamic_shapes=dynamic)


def _all_auto(value: Any) -> Any:
    return dict.fromkeys(range(value.dim()), Dim.AUTO) if torch.is_tensor(value) else None


def _timed(export: Callable[[], Any], places: Places | None) -> tuple[float, int]:
    """Seconds of one export, watched where there are places, and how many guards were seen."""
    with ExitStack() as stack:
        log = None
        if places is not None:
            log = stack.enter_context(recorded_guards(places))
            stack.enter_context(recorded_births(places))
            stack.enter_context(lost_attributes())
        started = time.perf_counter()
        export()
        return time.perf_counter() - started, len(log.recorded) if log else 0


if __name__ == "__main__":
    main()
