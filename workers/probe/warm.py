"""What is done once for all jobs of a runtime, before any upload: imports, and one export.

The first export of a process costs about a second more than the next. What it leaves behind is
put back where a script could tell: random state, and the fake tensors' cache.
"""

import importlib
import importlib.util
import sys
import warnings
from collections.abc import Sequence

import torch
from torch import nn

from . import main as _main  # noqa: F401 - all of the probe is imported before the fork
from .preloaded import noted
from .torch_caches import clear_caches


def warm_up(preload: Sequence[str]) -> list[str]:
    """Import what is there of `preload`, export a small model, and leave no trace of it.

    Returns:
        the modules that were there.
    """
    torch.set_num_threads(1)  # with more, children forked after this hang
    random_state = torch.get_rng_state()
    _export_something()
    found = [name for name in preload if _import(name)]
    torch.set_rng_state(random_state)
    clear_caches()
    return found


def _import(name: str) -> bool:
    package = name.partition(".")[0]
    if importlib.util.find_spec(package) is None:
        return False
    try:
        with noted(package), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module(name)
    except Exception as error:  # a broken package is the scripts' to meet, not the zygote's end
        sys.stderr.write(f"preload of {name} failed: {error!r}\n")
        return False
    return True


def _export_something() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()).eval()
    x = torch.randn(2, 3, 8, 8)
    batch = torch.export.Dim("batch")
    program = torch.export.export(model, (x,), dynamic_shapes=({0: batch},))
    with torch.no_grad():
        program.module()(x)
