"""Orders, clients and stock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._answers import Published
from .._call import Call
from .._targets import everyone, user
from ..calls.notifications import Severity
from ..calls.publishing import publish
from ._emitter import emitter


@emitter
def emit_order_created(order: Mapping[str, Any]) -> Call[Published]:
    """`order_created`, to everyone."""
    return publish(everyone(), "order_created", order)


@emitter
def emit_order_updated(order: Mapping[str, Any]) -> Call[Published]:
    """`order_updated`, to everyone."""
    return publish(everyone(), "order_updated", order)


@emitter
def emit_order_status_changed(order: Mapping[str, Any]) -> Call[Published]:
    """`order_status_changed`, to everyone."""
    return publish(everyone(), "order_status_changed", order)


@emitter
def emit_client_created(client: Mapping[str, Any]) -> Call[Published]:
    """`client_created`, to everyone."""
    return publish(everyone(), "client_created", client)


@emitter
def emit_client_updated(client: Mapping[str, Any]) -> Call[Published]:
    """`client_updated`, to everyone."""
    return publish(everyone(), "client_updated", client)


@emitter
def emit_inventory_updated(item: Mapping[str, Any]) -> Call[Published]:
    """`inventory_updated`, to everyone."""
    return publish(everyone(), "inventory_updated", item)


@emitter
def emit_stock_low(item: Mapping[str, Any]) -> Call[Published]:
    """`stock_low`, to everyone."""
    return publish(everyone(), "stock_low", item)


@emitter
def emit_notification(message: str, user_id: str | None = None, severity: Severity = "info") -> Call[Published]:
    """`notification` with `{"message", "severity"}`, to one user or to everyone."""
    to = everyone() if user_id is None else user(user_id)
    return publish(to, "notification", {"message": message, "severity": severity})
