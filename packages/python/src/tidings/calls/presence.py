"""Who is there."""

from __future__ import annotations

from .._answers import Page, Presence
from .._call import Call, asking
from .._reading import reading
from .._writing import at, given


def of_users(*users: str) -> Call[Page[Presence]]:
    """How these users are, in one page."""
    return asking("presence.of_users", at("presence"), reading(Page[Presence]), {"users": users})


def in_room(room: str, *, limit: int | None = None, cursor: str | None = None) -> Call[Page[Presence]]:
    """A page of who is in a room."""
    query = given(room=room, limit=limit, cursor=cursor)
    return asking("presence.in_room", at("presence"), reading(Page[Presence]), query)
