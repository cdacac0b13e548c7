"""Says one line of 200 MB."""

from attack_kit import MB, reached, say

say(b'{"type": "note", "code": "c", "message": "')
for _ in range(200):
    say(b"x" * MB)
say(b'"}\n')
reached("a line of 200 MB")
