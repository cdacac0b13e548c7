"""Says numbers that are none: NaN, infinities, 1e999 and a million digits."""

from attack_kit import say

loaded = (
    b'{"type": "loaded", "form": "names", "model_class": "N", "parameters": %s, "buffers": 0,'
    b' "dtypes": [], "devices": [], "training": false, "strict": false, "environment": {},'
    b' "seconds": %s}\n'
)
say(loaded % (b"9" * 1_000_000, b"1e999"))
for number in (b"NaN", b"-Infinity", b"1e999", b"1" * 5000):
    say(loaded % (b"1", number))
