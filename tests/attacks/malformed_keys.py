"""Says one key twice, keys of every kind, and a hundred thousand unknown ones."""

from attack_kit import say

say(b'{"type": "note", "code": "a", "code": "b", "message": "m", "__proto__": {}}\n')
say(b"{" + b",".join(b'"%d": 1' % number for number in range(100_000)) + b"}\n")
