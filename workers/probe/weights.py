"""Weights that are not there: left at their initial values, with a note on the run.

Weights decide nothing about export, so a missing checkpoint must not stop a diagnosis.
"""

import functools
import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlparse

import torch
from torch import nn

from .emit import Emitter
from .placeholder import Placeholder


def tolerate_missing_weights(emitter: Emitter) -> None:
    """Make torch.load, torch.hub and timm answer with a placeholder where a file is missing."""
    missing = _Missing(emitter)
    torch.load = missing.guard_load(torch.load)
    torch.hub.load_state_dict_from_url = missing.guard_url(torch.hub.load_state_dict_from_url)
    nn.Module.load_state_dict = missing.guard_load_state_dict(  # type: ignore[method-assign]
        nn.Module.load_state_dict
    )
    sys.meta_path.insert(0, _AfterImport("timm.models._builder", missing.guard_timm))


class _Missing:
    """Remembers whether anything was missing: only then is an empty state dict taken."""

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter
        self._any = False

    def placeholder(self, what: str) -> Placeholder:
        self._any = True
        self._emitter.note(
            "weights_missing",
            f"{what} is not there: the weights stay at their initial values. "
            "Weights decide nothing about export; put the file into a .zip to use it.",
        )
        return Placeholder(what)

    def guard_load(self, load: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(load)
        def guarded(f: Any, map_location: Any = None, *args: Any, **kwargs: Any) -> Any:
            if isinstance(f, Placeholder):
                return f
            if isinstance(f, str | os.PathLike) and not Path(f).exists():
                return self.placeholder(f"torch.load: {Path(f).name}")
            if not torch.cuda.is_available():
                map_location = "cpu"  # a checkpoint saved on a GPU
            return load(f, map_location, *args, **kwargs)

        return guarded

    def guard_url(self, load: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(load)
        def guarded(url: str, model_dir: str | None = None, *args: Any, **kwargs: Any) -> Any:
            name = kwargs.get("file_name") or Path(urlparse(url).path).name
            folder = Path(model_dir or Path(torch.hub.get_dir()) / "checkpoints")
            if not (folder / name).exists():
                return self.placeholder(f"the download {name}")
            return load(url, model_dir, *args, **kwargs)

        return guarded

    def guard_load_state_dict(self, load: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(load)
        def guarded(module: nn.Module, state_dict: Any, *args: Any, **kwargs: Any) -> Any:
            is_placeholder = isinstance(state_dict, Placeholder)
            # {k: v for k, v in placeholder.items()} is an empty dict.
            if is_placeholder or (self._any and not state_dict):
                return nn.modules.module._IncompatibleKeys([], [])
            return load(module, state_dict, *args, **kwargs)

        return guarded

    def guard_timm(self, module: ModuleType) -> None:
        load = module.load_pretrained

        @functools.wraps(load)
        def guarded(model: nn.Module, *args: Any, **kwargs: Any) -> None:
            try:
                load(model, *args, **kwargs)
            except (OSError, RuntimeError):  # what its two ways of downloading raise offline
                self.placeholder(f"timm's pretrained {type(model).__name__}")

        module.load_pretrained = guarded  # type: ignore[attr-defined]


class _AfterImport(importlib.abc.MetaPathFinder):
    """Calls `hook` with the module `name` once it has been imported."""

    def __init__(self, name: str, hook: Callable[[ModuleType], None]) -> None:
        self._name = name
        self._hook = hook

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find the real spec of `name` and run the hook after its code."""
        if fullname != self._name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def execute_and_hook(module: ModuleType) -> None:
            execute(module)
            self._hook(module)

        spec.loader.exec_module = execute_and_hook  # type: ignore[method-assign]
        return spec
