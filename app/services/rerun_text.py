"""The text of a script as a form can show it and take it back changed."""

from app.models import Script, ScriptKind
from app.text import unix_lines, visible

CHARACTERS = 200_000  # that a text area is given


def editable_text(script: Script, data: bytes) -> str | None:
    """The text of a single file; None where a form could not give it back as it is."""
    if script.kind is not ScriptKind.PY:
        return None
    text = unix_lines(data.decode("utf-8-sig", "replace"))
    if len(text) > CHARACTERS or visible(text) != text or "\ufffd" in text:
        return None
    return text


def changed_text(script: Script, data: bytes, sent: str) -> bytes | None:
    """What a form sent back, as bytes; None where it is the text that it was given."""
    text = unix_lines(sent)
    if not text.strip() or text == editable_text(script, data):
        return None
    return text.encode("utf-8", "replace")
