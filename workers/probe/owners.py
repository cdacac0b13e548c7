"""Which module a running frame belongs to."""

from types import FrameType

from torch import nn

from .frames import outwards
from .specs import class_name


def paths_by_state(root: nn.Module) -> dict[int, str]:
    """Module paths by the identity of the module's __dict__.

    torch's tracer runs modules behind proxies of another class that share the real __dict__.
    """
    return {id(vars(module)): path for path, module in root.named_modules()}


def path_of(root: nn.Module, owner: int | None) -> str | None:
    """The path of the module with this identity of its state; None where it is none of them."""
    return None if owner is None else paths_by_state(root).get(owner)


def class_at(root: nn.Module, path: str | None) -> str:
    """The class of the module with this path; empty where there is none."""
    module = None if path is None else dict(root.named_modules()).get(path)
    return "" if module is None else class_name(module)


def path_of_owner(frame: FrameType, paths: dict[int, str]) -> str | None:
    """The path of the module that is `self` in this frame; None where it is none of them."""
    owner = _self_of(frame)
    return None if owner is None else paths.get(owner)


def owner_of(frame: FrameType | None) -> int | None:
    """The identity of the state of the nearest module in whose method this frame runs."""
    owners = (_self_of(running) for running in outwards(frame))
    return next((owner for owner in owners if owner is not None), None)


def _self_of(frame: FrameType) -> int | None:
    owner = frame.f_locals.get("self")
    return id(vars(owner)) if isinstance(owner, nn.Module) else None


def owner_of_call(args: tuple[object, ...], frame: FrameType | None) -> int | None:
    """The same for a call of a function with these arguments, made below this frame."""
    if args and isinstance(args[0], nn.Module):
        return id(vars(args[0]))
    return owner_of(frame)
