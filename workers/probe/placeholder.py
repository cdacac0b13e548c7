"""A placeholder for what is not there: weights of a missing file, the result of a skipped call."""

from collections.abc import Iterator
from typing import Any


class Placeholder:
    """Survives what scripts do to a checkpoint: indexing, attributes, calls, loops, numbers.

    Every part of it is itself, loops over it are empty, as a number it is zero.
    """

    def __init__(self, label: str) -> None:
        self.__dict__["_label"] = label

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __setattr__(self, name: str, value: object) -> None: ...

    def __call__(self, *_args: object, **_kwargs: object) -> Any:  # noqa: D102
        return self

    def __getitem__(self, key: object) -> Any:
        return self

    def __setitem__(self, key: object, value: object) -> None: ...

    def __delitem__(self, key: object) -> None: ...

    def __contains__(self, key: object) -> bool:
        return True

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return True

    def __int__(self) -> int:
        return 0

    def __index__(self) -> int:
        return 0

    def __float__(self) -> float:
        return 0.0

    def __add__(self, other: object) -> Any:
        return self

    __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __add__

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_exc: object) -> None: ...

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __repr__(self) -> str:
        return f"<placeholder for {self.__dict__['_label']}>"
