"""Which packages are in this process only because they were imported before any script."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Package that a script may name → what came into sys.modules with it.
_brought: dict[str, frozenset[str]] = {}


def packages_loaded() -> set[str]:
    """Top-level packages in this process that are not Python's own."""
    return {name.partition(".")[0] for name in list(sys.modules)} - sys.stdlib_module_names


def brought_in_vain(wanted: set[str]) -> frozenset[str]:
    """Packages that are only here because of the preload: nothing of `wanted` needs them."""
    idle = [packages for name, packages in _brought.items() if name not in wanted]
    used = [packages for name, packages in _brought.items() if name in wanted]
    return frozenset().union(*idle) - frozenset().union(*used) - wanted


@contextmanager
def noted(package: str) -> Iterator[None]:
    """Within the block what is imported is brought by `package`."""
    before = packages_loaded()
    yield
    brought = frozenset(packages_loaded() - before)
    _brought[package] = _brought.get(package, frozenset()) | brought
