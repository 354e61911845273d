"""A manufacturing platform: order and quote rooms, notices that are kept until they are read, reminders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .._answers import Acted, Notified, Published
from .._call import Call
from .._targets import everyone, room, user
from ..calls.messages import send
from ..calls.notifications import Severity, notify
from ..calls.publishing import publish
from ._emitter import emitter


def order_room(order_id: str | int) -> str:
    """`order_123`: the customer's and the manufacturer's, who are its members."""
    return f"order_{order_id}"


def quote_room(quote_id: str | int) -> str:
    """`quote_456`: as an order's."""
    return f"quote_{quote_id}"


def support_room(ticket_id: str | int) -> str:
    """`support_9`: the user's, who is its member, and the role `support`'s."""
    return f"support_{ticket_id}"


def channel_room(name: str) -> str:
    """`channel_news`: every signed-in user's."""
    return f"channel_{name}"


def direct_room(user_id: str | int, other_id: str | int) -> str:
    """`user_7_12`: two users', the lower id first; numbers are compared as numbers."""
    low, high = sorted(
        (str(user_id), str(other_id)), key=lambda one: (not one.isdigit(), len(one) * one.isdigit(), one)
    )
    return f"user_{low}_{high}"


@emitter
def emit_order_status_update(
    order_id: str | int, status: str, data: Mapping[str, Any] | None = None
) -> Call[Published]:
    """`order_status_update`, to the order's room."""
    return publish(room(order_room(order_id)), "order_status_update", _about("order_id", order_id, status, data))


@emitter
def emit_quote_update(quote_id: str | int, status: str, data: Mapping[str, Any] | None = None) -> Call[Published]:
    """`quote_update`, to the quote's room."""
    return publish(room(quote_room(quote_id)), "quote_update", _about("quote_id", quote_id, status, data))


@emitter
def notify_order_update(user_id: str, order_id: str | int, title: str, message: str | None = None) -> Call[Notified]:
    """A notification of the category `order`."""
    return notify(user(user_id), title, message, category="order", data={"order_id": order_id})


@emitter
def notify_quote_update(user_id: str, quote_id: str | int, title: str, message: str | None = None) -> Call[Notified]:
    """A notification of the category `quote`."""
    return notify(user(user_id), title, message, category="quote", data={"quote_id": quote_id})


@emitter
def notify_payment_update(
    user_id: str, title: str, message: str | None = None, *, severity: Severity = "info", data: Any = None
) -> Call[Notified]:
    """A notification of the category `payment`."""
    return notify(user(user_id), title, message, severity=severity, category="payment", data=data)


@emitter
def notify_deadline(
    user_id: str, title: str, *, send_at: datetime | None = None, message: str | None = None, data: Any = None
) -> Call[Notified]:
    """A reminder of the category `deadline`, now or at a time; `notifications.cancel` calls it off."""
    return notify(user(user_id), title, message, severity="warning", category="deadline", data=data, send_at=send_at)


@emitter
def notify_system(
    title: str, message: str | None = None, *, severity: Severity = "info", send_at: datetime | None = None
) -> Call[Notified]:
    """A notification of the category `system` for everyone: maintenance, announcements."""
    return notify(everyone(), title, message, severity=severity, category="system", send_at=send_at)


@emitter
def send_system_message(room_name: str, content: str) -> Call[Acted]:
    """A message of the type `system` in a room's chat."""
    return send(room_name, content, message_type="system")


def _about(name: str, value: str | int, status: str, data: Mapping[str, Any] | None) -> dict[str, Any]:
    return {**(data or {}), name: value, "status": status}
