"""Runs next to the user's code: standard library and torch only, nothing of the trusted side.

It starts in any Python that has torch. Every use of one of torch's private interfaces stands in
a module of its own whose name begins with `torch_`, and says what is lost where it is missing.
"""
