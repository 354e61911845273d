"""Notifications that are kept until they are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from .._answers import Notified, Published
from .._call import Call
from .._targets import user, users
from ..calls.notifications import Severity, notify
from ..calls.publishing import publish
from ._emitter import emitter
from ._messages import split

_SERVERS_OWN = frozenset({"id", "title", "message", "severity", "category", "url", "data", "created_at", "read"})


@emitter
def send_notification_to_user(user_id: str, notification: Mapping[str, Any]) -> Call[Notified]:
    """Notify a user of a mapping with `title` and perhaps `message`, `severity`, `category`, `url`, `data`, `id`.

    The server gives it an id and a time of its own. The mapping's `id` is what keeps the same one from coming twice, and stays in `data` with all
    that has no place elsewhere.
    """
    known = {name: notification.get(name) for name in ("message", "severity", "category", "url")}
    own_id = notification.get("id")
    return notify(
        user(user_id),
        str(notification.get("title", "")),
        cast("str | None", known["message"]),
        severity=cast("Severity | None", known["severity"]),
        category=cast("str | None", known["category"]),
        url=cast("str | None", known["url"]),
        data=_data(notification),
        dedupe_key=None if own_id is None else str(own_id),
    )


@emitter
def broadcast_to_user(user_id: str, message: Mapping[str, Any]) -> Call[Published]:
    """Any message with a `type`, to one user while they are connected."""
    event_type, data = split(message)
    return publish(user(user_id), event_type, data)


@emitter
def broadcast_to_multiple_users(user_ids: list[str], message: Mapping[str, Any]) -> Call[Published]:
    """Any message with a `type`, to several users while they are connected."""
    event_type, data = split(message)
    return publish(users(*user_ids), event_type, data)


def _data(notification: Mapping[str, Any]) -> Any:
    rest = {name: value for name, value in notification.items() if name == "id" or name not in _SERVERS_OWN}
    data = notification.get("data")
    if not rest:
        return data
    return {**data, **rest} if isinstance(data, Mapping) else rest | ({} if data is None else {"data": data})
