"""Empties the caches that an export leaves for the next one in the same process.

Private interface: `FakeTensorMode.cache_clear`, what fake tensors remember of operators they met.
A job must start as a fresh process would; where the method is missing, the cache stays, which
changes how fast an export is and not what it gives.
"""

from torch._subclasses.fake_tensor import FakeTensorMode


def clear_caches() -> None:
    """Forget what was met so far."""
    clear = getattr(FakeTensorMode, "cache_clear", None)
    if clear is not None:
        clear()
