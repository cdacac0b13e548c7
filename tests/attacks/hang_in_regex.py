"""Hangs in C: a regular expression that backtracks without end."""

import re

re.match(r"(a*)*(a|aa)+$", "a" * 200 + "b")
re.match(r"(a+)+$", "a" * 200 + "b")
