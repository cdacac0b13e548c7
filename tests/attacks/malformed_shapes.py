"""Says JSON that is no event: a list, a number, null, wrong types, an unknown type."""

from attack_kit import say

for line in (
    b'{"type": "note", "code": ["c"], "message": {"m": 1}}',
    b"[]",
    b"1",
    b"null",
    b'"text"',
    b"{}",
    b'{"type": null}',
    b'{"type": ["note"]}',
    b"{\"type\": \"__import__('os').system('id')\"}",
    b'{"type": "finished", "coverage": []}',
):
    say(line + b"\n")
