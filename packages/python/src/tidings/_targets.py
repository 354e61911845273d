"""Whom something is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Target:
    """Whom an event or a notification is for. Made by `user()`, `users()`, `room()`, `rooms()`, `role()`, `everyone()`."""

    kind: str
    """`user`, `users`, `room`, `rooms`, `role` or `everyone`."""
    value: str | tuple[str, ...] | bool
    """Who of that kind."""

    def fields(self) -> dict[str, Any]:
        """As the server reads it: `{"room": "orders"}`."""
        return {self.kind: list(self.value) if isinstance(self.value, tuple) else self.value}


def user(user_id: str) -> Target:
    """All connections of one user."""
    return Target("user", _text("user", user_id))


def users(*user_ids: str) -> Target:
    """All connections of several users, at most 1000."""
    return Target("users", tuple(_text("users", user_id) for user_id in user_ids))


def room(name: str) -> Target:
    """Everyone in a room; of a notification, its members."""
    return Target("room", _text("room", name))


def rooms(*names: str) -> Target:
    """Everyone in several rooms, at most 1000. Not for notifications."""
    return Target("rooms", tuple(_text("rooms", name) for name in names))


def role(name: str) -> Target:
    """Everyone whose token has the role."""
    return Target("role", _text("role", name))


def everyone() -> Target:
    """Everyone who is connected; of a notification, everyone the server knows."""
    return Target("everyone", True)


def _text(kind: str, value: str) -> str:
    # A number here is nearly always a primary key that tokens carry as a text.
    if not isinstance(value, str):
        raise TypeError(f"{kind}: expected a text, got a {type(value).__name__}")
    return value
