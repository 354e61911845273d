"""A helpdesk: tickets, a dashboard, stock. `emit_low_stock_alert` reaches admins, truly by role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._answers import Published
from .._call import Call
from .._targets import everyone, role, user
from ..calls.publishing import publish
from ._emitter import emitter


@emitter
def emit_ticket_created(ticket: Mapping[str, Any]) -> Call[Published]:
    """`ticket.created`, to everyone."""
    return publish(everyone(), "ticket.created", ticket)


@emitter
def emit_ticket_updated(ticket: Mapping[str, Any]) -> Call[Published]:
    """`ticket.updated`, to everyone."""
    return publish(everyone(), "ticket.updated", ticket)


@emitter
def emit_dashboard_update(stats: Mapping[str, Any]) -> Call[Published]:
    """`dashboard.update`, to everyone."""
    return publish(everyone(), "dashboard.update", stats)


@emitter
def emit_notification(user_id: str, notification: Mapping[str, Any]) -> Call[Published]:
    """`notification`, to one user while they are connected; `notify` is for what shall be kept until it is read."""
    return publish(user(user_id), "notification", notification)


@emitter
def emit_low_stock_alert(items: Sequence[Any]) -> Call[Published]:
    """`inventory.low_stock` with `{"items"}`, to the role `admin`."""
    return publish(role("admin"), "inventory.low_stock", {"items": list(items)})
