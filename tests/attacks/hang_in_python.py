"""Runs for ever in Python, and takes every exception for no reason to stop."""

while True:
    try:
        while True:
            pass
    except BaseException:
        continue
