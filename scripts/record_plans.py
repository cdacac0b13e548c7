"""Records the module trees of real models, for tests/test_probe_plan_models.py.

`python -m scripts.record_plans FAMILY` builds each model of a family with random weights, runs it
once as the probe does, and writes tests/plans/FAMILY.json: a line for each module that was called,
with its path, class, parameters and calls. Families: transformers (tests/plans/models.json),
plain (tests/plans/nets.py), torchvision (needs a Python that has it).
"""

import argparse
import importlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from workers.probe.eager import run_eager
from workers.probe.plan import Called, make_plan

PLANS = Path(__file__).parent.parent / "tests" / "plans"
DEEPEST = 3  # dots in the path of a recorded module

Case = tuple[str, tuple[nn.Module, tuple[Any, ...], dict[str, Any]]]  # name and call


def main(arguments: Sequence[str]) -> None:
    """Record the families that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("family", nargs="+", choices=sorted(FAMILIES))
    parser.add_argument("--out", type=Path, default=PLANS)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    for family in options.family:
        trees = {name: record(*call) for name, call in FAMILIES[family]()}
        text = json.dumps(dict(sorted(trees.items())), indent=1)
        (options.out / f"{family}.json").write_text(text + "\n")


def record(model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[str]:
    """The modules that a plan of this model depends on."""
    called = run_eager(model.eval(), args, kwargs, lambda _path: False).modules
    trimmed = [module for module in called if not _is_detail(module.path)]
    if make_plan(trimmed) != make_plan(called):
        raise ValueError(f"{type(model).__name__}: what was left out changes its plan")
    return [" ".join(map(str, (m.path, m.class_name, m.parameters, m.calls))) for m in trimmed]


def read(family: str) -> dict[str, list[Called]]:
    """The trees that were recorded, by model."""
    trees = json.loads((PLANS / f"{family}.json").read_text())
    return {name: [_called(line) for line in lines] for name, lines in trees.items()}


def _called(line: str) -> Called:
    path, class_name, parameters, calls = line.split()
    return Called(path, class_name, int(parameters), int(calls))


def _is_detail(path: str) -> bool:
    """Whether this lies deep, or inside one layer of many."""
    parents = path.split(".")[1:-1]
    return path.count(".") > DEEPEST or any(parent.isdigit() for parent in parents)


def _transformers() -> Iterator[Case]:
    library = importlib.import_module("transformers")
    for name, entry in json.loads((PLANS / "models.json").read_text()).items():
        torch.manual_seed(0)
        model = getattr(library, entry["model"])(_config(library, entry["config"]))
        inputs = {key: _tensor(value) for key, value in entry["inputs"].items()}
        yield name, (model, (), inputs)


def _config(library: Any, value: Any) -> Any:
    """A configuration; nested ones name their class as well."""
    if not isinstance(value, dict):
        return value
    fields = {key: _config(library, item) for key, item in value.items() if key != "class"}
    return getattr(library, value["class"])(**fields) if "class" in value else fields


def _tensor(value: Any) -> torch.Tensor:
    """An input: the shape of a random one, or what it holds."""
    if isinstance(value, list):
        return torch.randn(value)
    dtypes = {"ids": torch.long, "mask": torch.bool, "floats": torch.float}
    ((kind, items),) = value.items()
    return torch.tensor([items], dtype=dtypes[kind])


def _plain() -> Iterator[Case]:
    nets = importlib.import_module("tests.plans.nets")
    for name, (build, shapes) in nets.NETS.items():
        yield name, (build(), tuple(torch.randn(shape) for shape in shapes), {})


def _torchvision() -> Iterator[Case]:
    models = importlib.import_module("torchvision").models
    small = {"min_size": 96, "max_size": 96, "weights_backbone": None}
    image, clip = torch.randn(1, 3, 64, 64), torch.randn(1, 3, 16, 224, 224)
    pair = (torch.randn(1, 3, 128, 128), torch.randn(1, 3, 128, 128))
    cases: dict[str, tuple[dict[str, Any], tuple[Any, ...]]] = {
        **{name: (small, ([torch.rand(3, 96, 96)],)) for name in _DETECTORS},
        **{name: ({}, (clip,)) for name in ("r3d_18", "mvit_v2_s", "swin3d_t", "s3d")},
        **{name: ({}, (image,)) for name in ("resnet18", "vgg11", "densenet121")},
        "googlenet": ({"init_weights": False}, (image,)),
        "deeplabv3_resnet50": ({"weights_backbone": None, "aux_loss": True}, (image,)),
        "lraspp_mobilenet_v3_large": ({"weights_backbone": None}, (image,)),
        "raft_small": ({}, pair),
        "ssdlite320_mobilenet_v3_large": ({"weights_backbone": None}, ([torch.rand(3, 96, 96)],)),
        "vit_b_16": ({"image_size": 64}, (image,)),
    }
    for name, (options, args) in cases.items():
        yield name, (models.get_model(name, weights=None, **options), args, {})


_DETECTORS = (
    "maskrcnn_resnet50_fpn",
    "keypointrcnn_resnet50_fpn",
    "fasterrcnn_resnet50_fpn_v2",
    "fcos_resnet50_fpn",
    "retinanet_resnet50_fpn",
)
FAMILIES: dict[str, Callable[[], Iterator[Case]]] = {
    "plain": _plain,
    "torchvision": _torchvision,
    "transformers": _transformers,
}

if __name__ == "__main__":
    main(sys.argv[1:])
