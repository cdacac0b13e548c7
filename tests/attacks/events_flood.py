"""Writes events without end: valid notes first, then 200 MB of anything."""

from attack_kit import MB, attempt, reached, say, say_event

for number in range(5000):
    if attempt(say_event, "note", code="flood", message=f"{number} " + "x" * 1000) is not None:
        break
for _ in range(200):
    if attempt(say, b"x" * MB) is not None:
        break
else:
    reached("200 MB of events")
