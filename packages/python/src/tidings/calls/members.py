"""Members of rooms: whom a room's rule `members` lets in."""

from __future__ import annotations

from .._answers import Member, Page
from .._call import Call, asking, doing, nothing
from .._reading import reading
from .._writing import at, given


def members(room: str, *, limit: int | None = None, cursor: str | None = None) -> Call[Page[Member]]:
    """A page of a room's members."""
    query = given(limit=limit, cursor=cursor)
    return asking("members.list", at("rooms", room, "members"), reading(Page[Member]), query)


def put(room: str, user: str, role: str | None = None) -> Call[Member]:
    """Make a user a member, or give a member another role; `member` when it is not said."""
    path = at("rooms", room, "members", user)
    return doing("members.put", "PUT", path, reading(Member), given(role=role))


def remove(room: str, user: str) -> Call[None]:
    """End a membership, and at once what it opened."""
    return doing("members.remove", "DELETE", at("rooms", room, "members", user), nothing)
