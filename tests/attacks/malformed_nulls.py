"""Says NUL characters, written out and as themselves, and empty lines."""

from attack_kit import say

say(b'{"type": "note", "code": "\\u0000", "message": "a\\u0000b"}\n')
say(b"\0" * 100_000 + b"\n" * 100_000)
say(b'{"type": "note", "code": "\0", "message": "\0"}\n')
