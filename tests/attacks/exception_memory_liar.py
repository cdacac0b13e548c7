"""Says that memory ran out when it did not, from a source that names another file."""

import linecache

linecache.cache[__file__] = (10, None, ["<secret of another>\n"] * 100, __file__)
raise MemoryError("x" * 1000)
