"""Benchmarks: what is fast enough is a ratio, measured in one run. No test asserts a time."""
