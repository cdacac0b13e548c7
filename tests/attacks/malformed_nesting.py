"""Says brackets inside brackets, millions deep."""

from attack_kit import say

say(b'{"type": "note", "code": ' + b"[" * 2_000_000 + b"]" * 2_000_000 + b"}\n")
say(b'{"a":' * 500_000 + b"1" + b"}" * 500_000 + b"\n")
