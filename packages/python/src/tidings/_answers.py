"""What the server answers, as frozen dataclasses. Fields that hold people's words are not shown by `repr`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from ._errors import TidingsError
from ._reading import wire

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """A list, page by page."""

    items: list[T]
    next_cursor: str | None
    """For `cursor=`; None on the last page."""


@dataclass(frozen=True)
class Reached:
    """How many heard something at once."""

    users: int
    connections: int


@dataclass(frozen=True)
class Published:
    """An event that was taken."""

    id: str
    """The first one's, where there were several users or rooms."""
    reached: Reached
    offset: int | None = None
    """Its place, where the room keeps its entries and there is one room or user."""


@dataclass(frozen=True)
class Refused:
    """An entry of a batch that was not taken; `raise refused.error` where that is a failure."""

    error: TidingsError


@dataclass(frozen=True)
class Notified:
    """A notification that was taken."""

    id: str
    """Of one that is repeated or planned, what calls it off."""
    deduplicated: bool
    """Whether all whom it is for had one with this `dedupe_key`: then `id` is that one's, and nobody was told again."""
    reached: Reached
    scheduled_for: datetime | None = None


@dataclass(frozen=True)
class Action:
    """Something that can be done about a notification; what it does is the application's."""

    id: str
    label: str = field(repr=False)
    url: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class DigestItem:
    """One of the notifications that were gathered."""

    id: str
    title: str = field(repr=False)
    severity: str
    created_at: datetime
    message: str | None = field(default=None, repr=False)
    category: str | None = None
    data: Any = field(default=None, repr=False)
    url: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Digest:
    """What was gathered in a notification, where the user wants that."""

    count: int
    items: list[DigestItem]
    """The newest of them, the newest first; at most 50."""


@dataclass(frozen=True)
class Notification:
    """A notification as one user has it."""

    id: str
    title: str = field(repr=False)
    severity: str
    """`info`, `success`, `warning` or `error`."""
    read: bool
    created_at: datetime
    message: str | None = field(default=None, repr=False)
    category: str | None = None
    data: Any = field(default=None, repr=False)
    url: str | None = field(default=None, repr=False)
    actions: list[Action] = field(default_factory=list)
    room: str | None = None
    """The room to whose members it went."""
    seen_at: datetime | None = None
    read_at: datetime | None = None
    archived_at: datetime | None = None
    snoozed_until: datetime | None = None
    expires_at: datetime | None = None
    digest: Digest | None = None


@dataclass(frozen=True)
class Scheduled:
    """What waits to be sent."""

    id: str
    """What calls it off."""
    send_at: datetime
    """When it is sent next."""
    to: Any
    """For whom, as the server reads targets: `{"user": "ada"}`."""
    title: str = field(repr=False)
    severity: str
    digest: bool
    """Whether it waits because the user wants it gathered."""
    category: str | None = None
    part_of: str | None = None
    """What calls off all of the same request, where that was to several users."""
    repeat: Any = None


@dataclass(frozen=True)
class Inbox(Page[Notification]):
    """A page of a user's notifications, the newest first, and their badge."""

    unread: int
    """How many of the whole inbox are unread and in sight."""
    revision: int
    """Of two counts, the one with the higher revision is right."""


@dataclass(frozen=True)
class Marked:
    """What came of marking notifications."""

    changed: int
    not_found: list[str]
    unread: int
    revision: int


@dataclass(frozen=True)
class Delivery:
    """On what something came."""

    device: str
    """The client's own name for its device; of one that has none, the id of its connection."""
    at: datetime
    client_type: str | None = None


@dataclass(frozen=True)
class Receipt:
    """Who has an entry or a notification, and what they did with it."""

    user: str
    delivered: list[Delivery]
    seen_at: datetime | None
    read_at: datetime | None


@dataclass(frozen=True)
class Presence:
    """How a user is, over all their connections."""

    user: str
    status: str
    """`online`, `away` or `offline`."""
    last_seen: datetime | None
    connections: int
    data: Any = field(default=None, repr=False)


@dataclass(frozen=True)
class Connection:
    """One socket of one user."""

    connection_id: str
    user: str
    ip: str
    connected_at: datetime
    rooms: list[str]
    client_type: str | None = None
    client_version: str | None = None
    device_id: str | None = None


@dataclass(frozen=True)
class Room:
    """A room: what kind it is, and where its log stands."""

    room: str
    kind: str | None
    """The pattern of the rule for it, `order_{id}`."""
    keep: str
    """`none`, `last` or a time."""
    epoch: str
    offset: int
    oldest: int
    members: int
    online: int
    data: Any = field(repr=False)
    """The back end's own."""
    created_at: datetime


@dataclass(frozen=True)
class Access:
    """Whether somebody may, and the rule that says so."""

    allowed: bool
    why: str


@dataclass(frozen=True)
class Member:
    """A member of a room."""

    user: str
    role: str
    since: datetime


@dataclass(frozen=True)
class Membership:
    """A room of which a user is a member."""

    room: str
    role: str


@dataclass(frozen=True)
class Entry:
    """Something that happened in a room."""

    type: str
    id: str
    time: datetime
    data: Any = field(default=None, repr=False)
    room: str | None = None
    offset: int | None = None
    sender: str | None = wire("from")
    """The user who published; None when a back end did."""


@dataclass(frozen=True)
class History(Page[Entry]):
    """A page of what a room keeps, in the order of its log."""

    epoch: str
    offset: int
    """Its last entry's place."""
    oldest: int
    """The place of the oldest entry that is still kept."""


@dataclass(frozen=True)
class Reactions:
    """All reactions of one kind to a message."""

    emoji: str
    count: int
    users: list[str]
    """The first 20 of them."""
    mine: bool


@dataclass(frozen=True)
class Pin:
    """That a message is pinned."""

    at: datetime
    by: str | None = None


@dataclass(frozen=True)
class Message:
    """A chat message as it stands."""

    id: str
    type: str
    room: str
    offset: int
    number: int
    """Which one of its room: 1, 2, 3, …"""
    time: datetime
    reactions: list[Reactions]
    replies: int
    data: Any = field(default=None, repr=False)
    """What it says now; None when its sender was erased."""
    pin: Pin | None = None
    sender: str | None = wire("from")

    @property
    def content(self) -> str:
        """Its text; empty where there is none any more."""
        content = self.data.get("content") if isinstance(self.data, Mapping) else None
        return content if isinstance(content, str) else ""


@dataclass(frozen=True)
class Messages(Page[Message]):
    """A page of a room's chat, in the order of its log."""

    has_older: bool
    has_newer: bool


@dataclass(frozen=True)
class Acted:
    """What came of an act in a chat."""

    id: str
    """The entry that tells it; of a new message, the message."""
    offset: int | None = None
    """None when nothing was changed, so that nothing is told."""


@dataclass(frozen=True)
class Version:
    """What a message said before."""

    number: int
    data: Any = field(repr=False)
    until: datetime


@dataclass(frozen=True)
class Mark:
    """Up to where a user has read a room."""

    user: str
    up_to: int
    at: datetime
    private: bool | None = None


@dataclass(frozen=True)
class RoomUnread:
    """How much of a room a user has not read."""

    room: str
    unread: int
    up_to: int
    revision: int
    muted: bool
    muted_until: datetime | None = None


@dataclass(frozen=True)
class Disconnected:
    """How many sockets were closed."""

    disconnected: int


@dataclass(frozen=True)
class Revoked:
    """How many connections ended with the tokens that are no longer good."""

    connections: int


@dataclass(frozen=True)
class Erased:
    """What was erased of a person."""

    users: int
    connections: int
    memberships: int
    personal_entries: int
    blanked_entries: int
    notifications: int
    archived_entries: int
