"""Notifications: what somebody shall know, whether they are connected or not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from .._answers import Action, Inbox, Marked, Notified, Page, Scheduled
from .._call import Call, asking, creating, doing, nothing
from .._reading import reading
from .._targets import Target
from .._writing import at, given, timestamp

Severity = Literal["info", "success", "warning", "error"]
Act = Literal["seen", "read", "unread", "archive", "unarchive", "snooze", "delete"]


@dataclass(frozen=True)
class Repeat:
    """How a notification is repeated."""

    every: str
    """`15m`, `1h`, `1d` or `2w`."""
    time_zone: str | None = None
    """Where days and weeks are those of the calendar: `Europe/Berlin`."""
    until: datetime | None = None
    expires_after: str | None = None
    """How long after it was sent each is gone: `30m`, `1d`."""

    def fields(self) -> dict[str, Any]:
        """As the server reads it."""
        return given(
            every=self.every,
            time_zone=self.time_zone,
            until=timestamp("until", self.until),
            expires_after=self.expires_after,
        )


def notify(
    to: Target,
    title: str,
    message: str | None = None,
    *,
    severity: Severity | None = None,
    category: str | None = None,
    data: Any = None,
    url: str | None = None,
    actions: Iterable[Action] = (),
    dedupe_key: str | None = None,
    digest_key: str | None = None,
    send_at: datetime | None = None,
    repeat: Repeat | None = None,
    expires_at: datetime | None = None,
    receipts: bool = False,
    idempotency_key: str | None = None,
) -> Call[Notified]:
    """Notify people: it is in their inbox when the answer comes, and who is connected hears it at once.

    `url` is what it opens; `category` is what users mute by. While somebody has one with this `dedupe_key`, that one stays and nobody is told again;
    `digest_key` is what it is gathered by for those who want that. `send_at` plans it, `repeat` repeats it, `expires_at` ends it. `receipts` keeps to
    which devices it was delivered.
    """
    body = given(
        to=to.fields(),
        title=title,
        message=message,
        severity=severity,
        category=category,
        data=data,
        url=url,
        actions=[given(id=action.id, label=action.label, url=action.url) for action in actions] or None,
        dedupe_key=dedupe_key,
        digest_key=digest_key,
        send_at=timestamp("send_at", send_at),
        repeat=None if repeat is None else repeat.fields(),
        expires_at=timestamp("expires_at", expires_at),
        receipts=receipts or None,
    )
    return creating("notify", at("notifications"), reading(Notified), body, idempotency_key)


def cancel(notification_id: str) -> Call[None]:
    """Call off one that is planned or repeated, by the id that `notify` or `scheduled` gave."""
    return doing("notifications.cancel", "DELETE", at("notifications", "scheduled", notification_id), nothing)


def scheduled(*, limit: int | None = None, cursor: str | None = None) -> Call[Page[Scheduled]]:
    """A page of what waits to be sent."""
    query = given(limit=limit, cursor=cursor)
    return asking("notifications.scheduled", at("notifications", "scheduled"), reading(Page[Scheduled]), query)


def inbox(
    user: str,
    *,
    roles: Iterable[str] | None = None,
    unread: bool | None = None,
    archived: bool | None = None,
    snoozed: bool | None = None,
    category: str | None = None,
    severity: Severity | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Call[Inbox]:
    """A page of a user's notifications, the newest first. `roles` names the user's, for what went to those: the server knows them from tokens only."""
    query = given(
        roles=roles,
        unread=unread,
        archived=archived,
        snoozed=snoozed,
        category=category,
        severity=severity,
        limit=limit,
        cursor=cursor,
    )
    return asking("notifications.list", at("users", user, "notifications"), reading(Inbox), query)


def mark(
    user: str,
    act: Act,
    ids: Iterable[str],
    *,
    until: datetime | None = None,
    roles: Iterable[str] | None = None,
) -> Call[Marked]:
    """Mark some of a user's notifications: `seen`, `read`, `unread`, `archive`, `unarchive`, `snooze` (`until`) or `delete`."""
    body = {"ids": list(ids)} | given(until=timestamp("until", until))
    return _marking(user, act, body, roles)


def mark_all(
    user: str,
    act: Act,
    *,
    up_to: str | None = None,
    until: datetime | None = None,
    roles: Iterable[str] | None = None,
) -> Call[Marked]:
    """Mark all of a user's notifications that are in sight, or those up to one of them."""
    body = {"all": True} | given(up_to=up_to, until=timestamp("until", until))
    return _marking(user, act, body, roles)


def _marking(user: str, act: Act, body: dict[str, Any], roles: Iterable[str] | None) -> Call[Marked]:
    path = at("users", user, "notifications", act)
    return doing("notifications.mark", "POST", path, reading(Marked), body, query=given(roles=roles))
