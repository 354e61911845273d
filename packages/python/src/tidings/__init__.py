"""Tidings for back ends: publish events, notify people, mint tokens, receive webhooks.

```python
from tidings import Tidings, room

with Tidings("http://127.0.0.1:8000", api_key="…") as live:
    live.publish(room("orders"), "order_created", {"id": 7})
```

`AsyncTidings` has the same methods, to await. Beside this module: `tidings.webhooks`, `tidings.fastapi`, `tidings.emitters` (events of well-known
designs as functions) and `tidings.drop_in` (a `ConnectionManager` that needs no sockets).
"""

from ._answers import (
    Access,
    Acted,
    Action,
    Connection,
    Delivery,
    Digest,
    DigestItem,
    Disconnected,
    Entry,
    Erased,
    History,
    Inbox,
    Mark,
    Marked,
    Member,
    Membership,
    Message,
    Messages,
    Notification,
    Notified,
    Page,
    Pin,
    Presence,
    Published,
    Reached,
    Reactions,
    Receipt,
    Refused,
    Revoked,
    Room,
    RoomUnread,
    Scheduled,
    Version,
)
from ._awaiting import AsyncTidings
from ._blocking import Tidings
from ._call import Call
from ._errors import (
    ConflictError,
    FieldError,
    ForbiddenError,
    HistoryLostError,
    InternalError,
    InvalidRequestError,
    NotFoundError,
    PayloadTooLargeError,
    QueueFullError,
    RateLimitedError,
    TidingsError,
    TokenExpiredError,
    UnauthorizedError,
    UnavailableError,
    UnknownTypeError,
)
from ._exchange import Retries
from ._targets import Target, everyone, role, room, rooms, user, users
from ._tokens import mint_token
from .calls.notifications import Repeat
from .calls.publishing import Publication

__all__ = [
    "Access",
    "Acted",
    "Action",
    "AsyncTidings",
    "Call",
    "ConflictError",
    "Connection",
    "Delivery",
    "Digest",
    "DigestItem",
    "Disconnected",
    "Entry",
    "Erased",
    "FieldError",
    "ForbiddenError",
    "History",
    "HistoryLostError",
    "Inbox",
    "InternalError",
    "InvalidRequestError",
    "Mark",
    "Marked",
    "Member",
    "Membership",
    "Message",
    "Messages",
    "NotFoundError",
    "Notification",
    "Notified",
    "Page",
    "PayloadTooLargeError",
    "Pin",
    "Presence",
    "Publication",
    "Published",
    "QueueFullError",
    "RateLimitedError",
    "Reached",
    "Reactions",
    "Receipt",
    "Refused",
    "Repeat",
    "Retries",
    "Revoked",
    "Room",
    "RoomUnread",
    "Scheduled",
    "Target",
    "Tidings",
    "TidingsError",
    "TokenExpiredError",
    "UnauthorizedError",
    "UnavailableError",
    "UnknownTypeError",
    "Version",
    "everyone",
    "mint_token",
    "role",
    "room",
    "rooms",
    "user",
    "users",
]
