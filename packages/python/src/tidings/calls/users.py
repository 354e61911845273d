"""Users: their connections, rooms, preferences, and what is kept of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._answers import Connection, Disconnected, Erased, Membership, Page, Revoked
from .._call import Call, asking, doing
from .._reading import parse, reading
from .._writing import at, given


def connections(
    user: str | None = None, *, limit: int | None = None, cursor: str | None = None
) -> Call[Page[Connection]]:
    """A page of the sockets that are open, of one user or of all."""
    query = given(user=user, limit=limit, cursor=cursor)
    return asking("users.connections", at("connections"), reading(Page[Connection]), query)


def rooms(user: str, *, limit: int | None = None, cursor: str | None = None) -> Call[Page[Membership]]:
    """A page of the rooms of which a user is a member."""
    query = given(limit=limit, cursor=cursor)
    return asking("users.rooms", at("users", user, "rooms"), reading(Page[Membership]), query)


def disconnect(user: str, reason: str | None = None) -> Call[Disconnected]:
    """Close a user's connections; `reason` is told to them. Their clients do not come back by themselves."""
    path = at("users", user, "disconnect")
    return doing("users.disconnect", "POST", path, reading(Disconnected), given(reason=reason))


def revoke(user: str) -> Call[Revoked]:
    """Make void all tokens of a user that were issued up to now."""
    # Repeated, it would also take the token that was issued in between.
    return doing("users.revoke", "POST", at("users", user, "revoke"), reading(Revoked), repeatable=False)


def preferences(user: str) -> Call[dict[str, Any]]:
    """How a user wants to be told: `mute` and `quiet_hours`."""
    return asking("users.preferences", at("users", user, "preferences"), reading(dict))


def set_preferences(user: str, preferences: Mapping[str, Any]) -> Call[dict[str, Any]]:
    """Set how a user wants to be told, whole: `{"mute": {"categories": […]}, "quiet_hours": {…}}`."""
    path = at("users", user, "preferences")
    return doing("users.set_preferences", "PUT", path, reading(dict), dict(preferences))


def export(user: str) -> Call[list[dict[str, Any]]]:
    """All that is kept of a person, record by record."""
    return asking("users.export", at("users", user, "export"), _lines)


def erase(user: str) -> Call[Erased]:
    """Forget a person. There is no way back."""
    return doing("users.erase", "DELETE", at("users", user), reading(Erased))


def stats() -> Call[dict[str, Any]]:
    """The server's figures."""
    return asking("stats", at("stats"), reading(dict))


def _lines(body: bytes) -> list[dict[str, Any]]:
    return [parse(line) for line in body.splitlines() if line.strip()]
