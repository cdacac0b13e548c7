"""The state of a model that a forward may change, to be put back before the next attempt.

An eager run fills caches and running statistics, a failed export may leave fake tensors in
attributes: each stage starts from what the script had made.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.utils import _pytree as pytree

_TABLES = ("_parameters", "_buffers", "_modules")


class Snapshot:
    """Buffers and tensors in attributes by value, the rest by reference, containers one deep."""

    def __init__(self, model: nn.Module) -> None:
        self._plain: list[tuple[nn.Module, dict[str, Any]]] = []
        self._tables: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self._values: list[tuple[torch.Tensor, torch.Tensor]] = []
        for module in model.modules():
            if isinstance(module, torch.jit.ScriptModule):  # its state is not in Python
                self._keep(module.buffers(recurse=False))
                continue
            attributes = vars(module)
            plain = {key: value for key, value in attributes.items() if key not in _TABLES}
            self._plain.append((module, {key: _copied(value) for key, value in plain.items()}))
            self._tables += [(attributes[key], dict(attributes[key])) for key in _TABLES]
            # Hooks: what removes one holds the table itself.
            held = [value for value in plain.values() if type(value) is OrderedDict]
            self._tables += [(table, dict(table)) for table in held]
            for value in (*attributes["_buffers"].values(), *plain.values()):
                self._keep(_tensors(value))

    def _keep(self, tensors: Iterable[torch.Tensor]) -> None:
        self._values += [(tensor, tensor.detach().clone()) for tensor in tensors]

    def restore(self) -> None:
        """Put everything back."""
        self.restore_attributes()
        with torch.no_grad():
            for tensor, value in self._values:
                tensor.copy_(value)

    def restore_attributes(self) -> None:
        """Put back which values the attributes have, not what those values are."""
        for module, plain in self._plain:
            attributes = vars(module)
            for key in set(attributes) - set(plain) - set(_TABLES):
                del attributes[key]
            attributes.update({key: _copied(value) for key, value in plain.items()})
        for table, entries in self._tables:
            table.clear()
            table.update(entries)


def _copied(value: Any) -> Any:
    return value.copy() if type(value) in (list, dict, set) else value


def _tensors(value: Any) -> list[torch.Tensor]:
    if type(value) in (list, tuple):
        found = [item for item in value if isinstance(item, torch.Tensor)]
    elif type(value) is dict:
        found = [item for item in value.values() if isinstance(item, torch.Tensor)]
    else:
        found = [value] if isinstance(value, torch.Tensor) else []
    return [tensor for tensor in found if not is_lazy(tensor)]


def clone_tensors(value: Any) -> Any:
    """The same structure with tensors of its own: what changes one changes not the other."""
    return pytree.tree_map_only(
        torch.Tensor, lambda t: t.detach().clone().requires_grad_(t.requires_grad), value
    )
