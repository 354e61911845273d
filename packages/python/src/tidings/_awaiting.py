"""`AsyncTidings`: every operation as a coroutine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

import httpx

from ._answers import Page
from ._call import Call
from ._exchange import Answer, NoAnswer, Retries, Send, exchange
from ._http import Body, no_answer, request_of
from ._presenting import presented
from ._settings import Settings
from ._tokens import mint_token
from .calls import members, messages, notifications, presence, publishing, rooms, users

P = ParamSpec("P")
T = TypeVar("T")


class _Runs(Protocol):
    async def run(self, call: Call[T]) -> T: ...


def awaiting(describe: Callable[P, Call[T]]) -> Callable[Concatenate[_Runs, P], Coroutine[Any, Any, T]]:
    """The operation as a method to await: same parameters, same words, and the answer."""

    async def method(self: _Runs, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.run(describe(*args, **kwargs))

    return presented(method, describe)


def every(describe: Callable[P, Call[Page[T]]]) -> Callable[Concatenate[_Runs, P], AsyncIterator[T]]:
    """A list as a method that goes through all its pages."""

    async def method(self: _Runs, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        call = describe(*args, **kwargs)
        while True:
            page = await self.run(call)
            for item in page.items:
                yield item
            if page.next_cursor is None:
                return
            call = call.continued(page.next_cursor)

    return presented(method, describe)


class _Group:
    def __init__(self, client: AsyncTidings) -> None:
        self._client = client

    async def run(self, call: Call[T]) -> T:
        """Run a call, as the client does."""
        return await self._client.run(call)


class AsyncRooms(_Group):
    """Rooms, and what they keep."""

    list = awaiting(rooms.rooms)
    each = every(rooms.rooms)
    get = awaiting(rooms.get)
    put = awaiting(rooms.put)
    delete = awaiting(rooms.delete)
    history = awaiting(rooms.history)
    access = awaiting(rooms.access)


class AsyncMembers(_Group):
    """Members of rooms."""

    list = awaiting(members.members)
    each = every(members.members)
    put = awaiting(members.put)
    remove = awaiting(members.remove)


class AsyncPresenceOf(_Group):
    """Who is there."""

    of_users = awaiting(presence.of_users)
    in_room = awaiting(presence.in_room)
    each_in_room = every(presence.in_room)


class AsyncNotifications(_Group):
    """Users' inboxes."""

    list = awaiting(notifications.inbox)
    mark = awaiting(notifications.mark)
    mark_all = awaiting(notifications.mark_all)
    cancel = awaiting(notifications.cancel)
    scheduled = awaiting(notifications.scheduled)
    each_scheduled = every(notifications.scheduled)


class AsyncChat(_Group):
    """Chat messages, and what people do to them."""

    send = awaiting(messages.send)
    list = awaiting(messages.messages)
    get = awaiting(messages.get)
    edit = awaiting(messages.edit)
    delete = awaiting(messages.delete)
    versions = awaiting(messages.versions)
    react = awaiting(messages.react)
    unreact = awaiting(messages.unreact)
    pin = awaiting(messages.pin)
    unpin = awaiting(messages.unpin)
    mark_read = awaiting(messages.mark_read)
    marks = awaiting(messages.marks)
    mute = awaiting(messages.mute)
    unmute = awaiting(messages.unmute)


class AsyncUsers(_Group):
    """Users' connections, rooms, preferences and data."""

    connections = awaiting(users.connections)
    each_connection = every(users.connections)
    rooms = awaiting(users.rooms)
    disconnect = awaiting(users.disconnect)
    revoke = awaiting(users.revoke)
    preferences = awaiting(users.preferences)
    set_preferences = awaiting(users.set_preferences)
    export = awaiting(users.export)
    erase = awaiting(users.erase)


class AsyncTidings:
    """A Tidings server, for coroutines. One for the whole application; close it, or use it in `async with`.

    `url`, `api_key` and `jwt_secret` come from `TIDINGS_URL`, `TIDINGS_API_KEY` and `TIDINGS_AUTH_JWT_SECRET` where they are not given. `timeout`
    is for one attempt, in seconds. `http` is a client of your own, for proxies and certificates; it is left open.
    """

    publish = awaiting(publishing.publish)
    publish_many = awaiting(publishing.publish_many)
    notify = awaiting(notifications.notify)
    receipts = awaiting(publishing.receipts)
    stats = awaiting(users.stats)

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        jwt_secret: str | None = None,
        timeout: float = 5.0,
        retries: Retries | None = None,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._settings = Settings.of(url, api_key, jwt_secret)
        self._timeout = timeout
        self._retries = retries or Retries()
        self._http = http or httpx.AsyncClient()
        self._is_own = http is None
        self.rooms = AsyncRooms(self)
        self.members = AsyncMembers(self)
        self.presence = AsyncPresenceOf(self)
        self.notifications = AsyncNotifications(self)
        self.messages = AsyncChat(self)
        self.users = AsyncUsers(self)

    def token(
        self,
        user: str,
        *,
        roles: Iterable[str] = (),
        rooms: Iterable[str] = (),
        ttl: timedelta | float = 3600,
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        """A token with which a user connects, signed here: no request is made. See `mint_token`."""
        return mint_token(self._settings.secret(), user, roles=roles, rooms=rooms, ttl=ttl, claims=claims)

    async def run(self, call: Call[T]) -> T:
        """Send a call, again where that may help, and read its answer."""
        steps = exchange(call, self._retries, self._timeout)
        outcome: Answer | NoAnswer | None = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as end:
                return cast(T, end.value)
            if isinstance(step, Send):
                outcome = await self._send(step)
            else:
                await asyncio.sleep(step.seconds)
                outcome = None

    async def _send(self, step: Send) -> Answer | NoAnswer:
        body = Body(step.timeout)
        try:
            answer = await self._http.send(request_of(self._http, self._settings, step), stream=True)
            try:
                async for piece in answer.aiter_bytes():
                    body.take(piece)
            finally:
                await answer.aclose()
        except httpx.RequestError as error:
            return no_answer(error)
        return body.of(answer)

    async def close(self) -> None:
        """Close its connections to the server."""
        if self._is_own:
            await self._http.aclose()

    async def __aenter__(self) -> AsyncTidings:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncTidings({self._settings.url!r})"
