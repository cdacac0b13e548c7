"""Says half a surrogate pair, which JSON can write and UTF-8 cannot."""

from attack_kit import say

say(rb'{"type": "note", "code": "\ud800", "message": "\udfff\ud800"}' + b"\n")
