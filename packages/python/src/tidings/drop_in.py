"""A `ConnectionManager` without connections, for applications that have one written by hand.

It has the methods by which such managers send, under the names that they go by, and sends through Tidings; the sockets, and so `connect`, `disconnect` and the
WebSocket route, are the server's. Every method is awaited, also `join_room` and `get_online_users`.

```python
manager = ConnectionManager(AsyncTidings())
await manager.broadcast({"type": "ticket.created", "data": ticket})
```
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ._answers import Refused
from ._awaiting import AsyncTidings
from ._targets import Target, everyone, role, room, user, users
from .calls.publishing import Publication
from .emitters import dexter, sentinelops
from .emitters._messages import split

__all__ = ["ConnectionManager"]

Message = Mapping[str, Any]
_TARGETS_MAX = 1000


class ConnectionManager:
    """Sends what a hand-written manager sends. `admin_role` is who `broadcast_to_admins` reaches: whoever's token has that role."""

    def __init__(self, tidings: AsyncTidings, *, admin_role: str = "admin") -> None:
        self._tidings = tidings
        self._admins = role(admin_role)

    async def send_to_user(self, user_id: str, message: Message) -> None:
        """To all connections of a user."""
        await self._publish(user(user_id), message)

    async def send_personal_message(self, message: Message, user_id: str) -> None:
        """The same, the message first."""
        await self.send_to_user(user_id, message)

    async def broadcast_to_user(self, user_id: str, message: Message) -> None:
        """The same, by another name."""
        await self.send_to_user(user_id, message)

    async def send_to_users(self, user_ids: Iterable[str], message: Message) -> None:
        """To all connections of several users, however many: each of them once."""
        event_type, data = split(message)
        listed = list(dict.fromkeys(user_ids))
        parts = [listed[start : start + _TARGETS_MAX] for start in range(0, len(listed), _TARGETS_MAX)]
        if not parts:
            return
        for result in await self._tidings.publish_many(Publication(users(*part), event_type, data) for part in parts):
            if isinstance(result, Refused):
                raise result.error

    async def broadcast_to_multiple_users(self, user_ids: Iterable[str], message: Message) -> None:
        """The same, by another name."""
        await self.send_to_users(user_ids, message)

    async def broadcast(self, message: Message, exclude_user: str | None = None, *, channel: str | None = None) -> None:
        """To everyone; to everyone who is connected but one user; or to a channel."""
        if exclude_user is not None:
            online = await self.get_online_users()
            await self.send_to_users((one for one in online if one != exclude_user), message)
        else:
            await self._publish(everyone() if channel is None else room(channel), message)

    async def broadcast_to_admins(self, message: Message) -> None:
        """To everyone whose token has the role of admins."""
        await self._publish(self._admins, message)

    async def broadcast_to_room(self, room: str, message: Message) -> None:
        """To everyone in a room."""
        await self.broadcast(message, channel=room)

    async def notify_issue_update(self, issue_id: str | int, update_type: str, data: Message | None = None) -> None:
        """`issue_update`, to the channel `issues` and the issue's own."""
        await dexter.notify_issue_update(self._tidings, issue_id, update_type, data)

    async def send_notification_to_user(self, user_id: str, notification: Message) -> None:
        """A notification that is kept until it is read."""
        await sentinelops.send_notification_to_user(self._tidings, user_id, notification)

    async def join_room(self, user_id: str, room: str) -> None:
        """Make a user a member of a room, which lets them join it; clients join by themselves."""
        await self._tidings.members.put(room, user_id)

    async def leave_room(self, user_id: str, room: str) -> None:
        """End a membership."""
        await self._tidings.members.remove(room, user_id)

    async def get_connection_count(self) -> int:
        """How many sockets are open."""
        return int((await self._tidings.stats())["connections"])

    async def get_online_users(self) -> list[str]:
        """Who is connected."""
        found = [connection.user async for connection in self._tidings.users.each_connection(limit=_TARGETS_MAX)]
        return list(dict.fromkeys(found))

    async def _publish(self, to: Target, message: Message) -> None:
        event_type, data = split(message)
        await self._tidings.publish(to, event_type, data)
