"""Messages as connection managers take them: one mapping with a `type`, and the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def split(message: Mapping[str, Any]) -> tuple[str, Any]:
    """Type and data of a message. Fields beside `data` become the data, `data` among them. Without a type it is a ValueError."""
    event_type = message.get("type")
    if not isinstance(event_type, str):
        raise ValueError("message: expected a mapping with a type, such as {'type': 'ticket.created', 'data': {…}}")
    rest = {name: value for name, value in message.items() if name != "type"}
    return event_type, rest.get("data") if set(rest) <= {"data"} else rest
