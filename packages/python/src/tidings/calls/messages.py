"""Chat: messages and what people do to them, as anybody or as the back end itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

from .._answers import Acted, Mark, Message, Messages, Page, RoomUnread, Version
from .._call import Call, asking, creating, doing
from .._reading import reading
from .._writing import at, given, timestamp

MessageType = Literal["text", "file", "image", "system"]


def send(
    room: str,
    content: str = "",
    *,
    sender: str | None = None,
    message_type: MessageType | None = None,
    mentions: Iterable[str] = (),
    attachments: Iterable[Mapping[str, Any]] = (),
    reply_to_message: str | None = None,
    thread: str | None = None,
    metadata: Any = None,
    client_id: str | None = None,
    idempotency_key: str | None = None,
) -> Call[Acted]:
    """Send a message in the name of `sender`, or as the back end itself. `mentions` are users, who are notified."""
    body = _from(sender) | given(
        content=content,
        message_type=message_type,
        mentions=list(mentions) or None,
        attachments=[dict(attachment) for attachment in attachments] or None,
        reply_to_message=reply_to_message,
        thread=thread,
        metadata=metadata,
        client_id=client_id,
    )
    return creating("messages.send", at("rooms", room, "messages"), reading(Acted), body, idempotency_key)


def messages(
    room: str,
    *,
    before: int | None = None,
    after: int | None = None,
    around: str | None = None,
    thread: str | None = None,
    pinned: bool | None = None,
    main: bool | None = None,
    user: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Call[Messages]:
    """A page of a room's chat: the newest, or those before, after or around a place. `user` is whose own reactions are told apart."""
    query = {"type": "chat_message"} | given(
        before=before,
        after=after,
        around=around,
        thread=thread,
        pinned=pinned,
        main=main,
        user=user,
        limit=limit,
        cursor=cursor,
    )
    return asking("messages.list", at("rooms", room, "messages"), reading(Messages), query)


def get(room: str, message_id: str, *, user: str | None = None) -> Call[Message]:
    """One message, as it stands."""
    return asking("messages.get", _of(room, message_id), reading(Message), given(user=user))


def edit(
    room: str, message_id: str, content: str, *, mentions: Iterable[str] | None = None, sender: str | None = None
) -> Call[Acted]:
    """Let a message say something else; with `sender`, only that user's own."""
    body = _from(sender) | given(content=content, mentions=None if mentions is None else list(mentions))
    # Each edit is told to the room, so one whose answer was lost is not sent again.
    return doing("messages.edit", "PATCH", _of(room, message_id), reading(Acted), body, repeatable=False)


def delete(room: str, message_id: str, *, sender: str | None = None) -> Call[Acted]:
    """Take away what a message says; its place stays."""
    return doing("messages.delete", "DELETE", _of(room, message_id), reading(Acted), query=_from(sender))


def versions(room: str, message_id: str) -> Call[Page[Version]]:
    """What a message said before, oldest first."""
    return asking("messages.versions", _of(room, message_id, "versions"), reading(Page[Version]))


def react(room: str, message_id: str, emoji: str, *, sender: str) -> Call[Acted]:
    """React to a message in a user's name."""
    path = _of(room, message_id, "reactions", emoji)
    return doing("messages.react", "PUT", path, reading(Acted), query=_from(sender))


def unreact(room: str, message_id: str, emoji: str, *, sender: str) -> Call[Acted]:
    """Take a user's reaction back."""
    path = _of(room, message_id, "reactions", emoji)
    return doing("messages.unreact", "DELETE", path, reading(Acted), query=_from(sender))


def pin(room: str, message_id: str, *, sender: str | None = None) -> Call[Acted]:
    """Pin a message."""
    return doing("messages.pin", "PUT", _of(room, message_id, "pin"), reading(Acted), query=_from(sender))


def unpin(room: str, message_id: str, *, sender: str | None = None) -> Call[Acted]:
    """Take a pin away."""
    return doing("messages.unpin", "DELETE", _of(room, message_id, "pin"), reading(Acted), query=_from(sender))


def mark_read(room: str, user: str, up_to: int | str, *, private: bool | None = None) -> Call[Acted]:
    """Say that a user has read up to an offset or a message; `private`: nobody in the room is told."""
    body = _from(user) | given(up_to=up_to, private=private)
    return doing("messages.mark_read", "POST", at("rooms", room, "read"), reading(Acted), body)


def marks(room: str, *, limit: int | None = None, cursor: str | None = None) -> Call[Page[Mark]]:
    """A page of who has read up to where."""
    query = given(limit=limit, cursor=cursor)
    return asking("messages.marks", at("rooms", room, "marks"), reading(Page[Mark]), query)


def mute(room: str, user: str, *, until: datetime | None = None) -> Call[RoomUnread]:
    """Let no mention in a room become a notification of this user."""
    body = given(until=timestamp("until", until))
    return doing("messages.mute", "PUT", at("rooms", room, "mute"), reading(RoomUnread), body, query=_from(user))


def unmute(room: str, user: str) -> Call[RoomUnread]:
    """End a mute."""
    return doing("messages.unmute", "DELETE", at("rooms", room, "mute"), reading(RoomUnread), query=_from(user))


def _of(room: str, message_id: str, *rest: str) -> str:
    return at("rooms", room, "messages", message_id, *rest)


def _from(user: str | None) -> dict[str, Any]:
    return given(**{"from": user})
