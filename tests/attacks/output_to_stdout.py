"""Prints 300 MB, line by line."""

import sys

from attack_kit import MB, reached

line = "a line of output " * 60 + "\n"
for _ in range(300 * MB // len(line)):
    sys.stdout.write(line)
reached("300 MB of output")
