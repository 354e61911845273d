"""Rooms, and what they keep."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from .._answers import Access, History, Page, Room
from .._call import Call, asking, doing, nothing
from .._reading import reading
from .._writing import at, given


def rooms(*, limit: int | None = None, cursor: str | None = None) -> Call[Page[Room]]:
    """A page of the rooms that the server has heard of."""
    return asking("rooms.list", at("rooms"), reading(Page[Room]), given(limit=limit, cursor=cursor))


def get(room: str) -> Call[Room]:
    """A room: its kind, where its log stands, and how many are in it."""
    return asking("rooms.get", at("rooms", room), reading(Room))


def put(room: str, data: Any = None) -> Call[Room]:
    """Put data of your own on a room. Rooms need not be created: each exists as soon as somebody joins it."""
    return doing("rooms.put", "PUT", at("rooms", room), reading(Room), {"data": data})


def delete(room: str) -> Call[None]:
    """Forget a room with all that it keeps; everyone in it is told."""
    return doing("rooms.delete", "DELETE", at("rooms", room), nothing)


def history(
    room: str,
    *,
    before: int | None = None,
    after: int | None = None,
    epoch: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Call[History]:
    """A page of what a room keeps: the newest, or those right before or after an offset."""
    query = given(before=before, after=after, epoch=epoch, limit=limit, cursor=cursor)
    return asking("rooms.history", at("rooms", room, "messages"), reading(History), query)


def access(
    room: str, user: str, act: Literal["join", "publish"] = "join", *, roles: Iterable[str] | None = None
) -> Call[Access]:
    """Whether a user may join or publish, and the rule that says so."""
    query = given(user=user, act=act, roles=roles)
    return asking("rooms.access", at("rooms", room, "access"), reading(Access), query)
