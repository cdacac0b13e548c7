"""Which input sizes an exported program takes, without running it.

Private interface: the module of an ExportedProgram holds its guards as a submodule `_guards_fn`
that is called with the flat inputs, and checks ranges in a forward pre-hook
`_check_input_constraints_pre_hook`. Both look at shapes alone, so tensors on the meta device do,
whatever their size. Where neither is there, nothing is known without running the program.
"""

from typing import Any

from torch import nn
from torch.utils import _pytree as pytree

from .emit import TEXT, cap

_HOOK = "_check_input_constraints_pre_hook"


class Admission:
    """The checks that an exported program makes before it computes anything."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._guards = getattr(module, "_guards_fn", None)
        hooks = getattr(module, "_forward_pre_hooks", {}).values()
        self._hooks = [hook for hook in hooks if getattr(hook, "__name__", "") == _HOOK]

    @property
    def known(self) -> bool:
        """Whether there are checks that can be asked."""
        return bool(self._hooks) or self._guards is not None

    def refusal(self, inputs: tuple[tuple[Any, ...], dict[str, Any]]) -> str:
        """Why the program refuses inputs of these shapes; empty where it takes them."""
        args, kwargs = inputs
        try:
            for hook in self._hooks:
                hook(self._module, args, kwargs)
            if self._guards is not None:
                self._guards(*pytree.tree_leaves(inputs))
        except Exception as error:
            return cap(error, TEXT) or type(error).__name__
        return ""
