"""Issues and alerts, by channel. What stands beside `data` in a message is in the entry's `data`, and flattened for that design's clients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._answers import Published
from .._call import Call
from .._targets import everyone, room, rooms
from ..calls.publishing import publish
from ._emitter import emitter
from ._messages import split


def issue_channel(issue_id: str | int) -> str:
    """The channel of one issue: `issue_123`."""
    return f"issue_{issue_id}"


@emitter
def notify_issue_update(
    issue_id: str | int, update_type: str, data: Mapping[str, Any] | None = None
) -> Call[Published]:
    """`issue_update`, to the channel `issues` and the issue's own."""
    fields = {"issue_id": str(issue_id), "update_type": update_type, "data": data or {}}
    return publish(rooms("issues", issue_channel(issue_id)), "issue_update", fields)


@emitter
def notify_alert_trigger(alert_id: str | int, data: Mapping[str, Any] | None = None) -> Call[Published]:
    """`alert_trigger`, to the channel `alerts`."""
    return publish(room("alerts"), "alert_trigger", {"alert_id": str(alert_id), "data": data or {}})


@emitter
def broadcast(message: Mapping[str, Any], channel: str | None = None) -> Call[Published]:
    """Any message with a `type`, to a channel or to everyone."""
    event_type, data = split(message)
    return publish(everyone() if channel is None else room(channel), event_type, data)
