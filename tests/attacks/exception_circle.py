"""Raises exceptions that are each other's cause and context, and a group of 10,000."""

first, second = ValueError("first"), TypeError("second")
first.__cause__, second.__cause__ = second, first
first.__context__, second.__context__ = second, first
try:
    raise first
except ValueError:
    group: Exception = ExceptionGroup("group", [ValueError(str(n)) for n in range(10_000)])
    for depth in range(500):
        group = ExceptionGroup(f"depth {depth}", [group])
    group.__cause__ = group
    raise group from second
