"""Says text that is not UTF-8."""

from attack_kit import say

say(b'{"type": "note", "code": "\xff\xfe\xc0\x80", "message": "\xed\xa0\x80"}\n')
