"""`Tidings`: every operation as a method that waits for its answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
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
    def run(self, call: Call[T]) -> T: ...


def blocking(describe: Callable[P, Call[T]]) -> Callable[Concatenate[_Runs, P], T]:
    """The operation as a method: same parameters, same words, and the answer."""

    def method(self: _Runs, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.run(describe(*args, **kwargs))

    return presented(method, describe)


def every(describe: Callable[P, Call[Page[T]]]) -> Callable[Concatenate[_Runs, P], Iterator[T]]:
    """A list as a method that goes through all its pages."""

    def method(self: _Runs, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        call = describe(*args, **kwargs)
        while True:
            page = self.run(call)
            yield from page.items
            if page.next_cursor is None:
                return
            call = call.continued(page.next_cursor)

    return presented(method, describe)


class _Group:
    def __init__(self, client: Tidings) -> None:
        self._client = client

    def run(self, call: Call[T]) -> T:
        """Run a call, as the client does."""
        return self._client.run(call)


class Rooms(_Group):
    """Rooms, and what they keep."""

    list = blocking(rooms.rooms)
    each = every(rooms.rooms)
    get = blocking(rooms.get)
    put = blocking(rooms.put)
    delete = blocking(rooms.delete)
    history = blocking(rooms.history)
    access = blocking(rooms.access)


class Members(_Group):
    """Members of rooms."""

    list = blocking(members.members)
    each = every(members.members)
    put = blocking(members.put)
    remove = blocking(members.remove)


class PresenceOf(_Group):
    """Who is there."""

    of_users = blocking(presence.of_users)
    in_room = blocking(presence.in_room)
    each_in_room = every(presence.in_room)


class Notifications(_Group):
    """Users' inboxes."""

    list = blocking(notifications.inbox)
    mark = blocking(notifications.mark)
    mark_all = blocking(notifications.mark_all)
    cancel = blocking(notifications.cancel)
    scheduled = blocking(notifications.scheduled)
    each_scheduled = every(notifications.scheduled)


class Chat(_Group):
    """Chat messages, and what people do to them."""

    send = blocking(messages.send)
    list = blocking(messages.messages)
    get = blocking(messages.get)
    edit = blocking(messages.edit)
    delete = blocking(messages.delete)
    versions = blocking(messages.versions)
    react = blocking(messages.react)
    unreact = blocking(messages.unreact)
    pin = blocking(messages.pin)
    unpin = blocking(messages.unpin)
    mark_read = blocking(messages.mark_read)
    marks = blocking(messages.marks)
    mute = blocking(messages.mute)
    unmute = blocking(messages.unmute)


class Users(_Group):
    """Users' connections, rooms, preferences and data."""

    connections = blocking(users.connections)
    each_connection = every(users.connections)
    rooms = blocking(users.rooms)
    disconnect = blocking(users.disconnect)
    revoke = blocking(users.revoke)
    preferences = blocking(users.preferences)
    set_preferences = blocking(users.set_preferences)
    export = blocking(users.export)
    erase = blocking(users.erase)


class Tidings:
    """A Tidings server, for code that waits. Threads may share one; close it, or use it in `with`.

    `url`, `api_key` and `jwt_secret` come from `TIDINGS_URL`, `TIDINGS_API_KEY` and `TIDINGS_AUTH_JWT_SECRET` where they are not given. `timeout`
    is for one attempt, in seconds. `http` is a client of your own, for proxies and certificates; it is left open.
    """

    publish = blocking(publishing.publish)
    publish_many = blocking(publishing.publish_many)
    notify = blocking(notifications.notify)
    receipts = blocking(publishing.receipts)
    stats = blocking(users.stats)

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        jwt_secret: str | None = None,
        timeout: float = 5.0,
        retries: Retries | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        self._settings = Settings.of(url, api_key, jwt_secret)
        self._timeout = timeout
        self._retries = retries or Retries()
        self._http = http or httpx.Client()
        self._is_own = http is None
        self.rooms = Rooms(self)
        self.members = Members(self)
        self.presence = PresenceOf(self)
        self.notifications = Notifications(self)
        self.messages = Chat(self)
        self.users = Users(self)

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

    def run(self, call: Call[T]) -> T:
        """Send a call, again where that may help, and read its answer."""
        steps = exchange(call, self._retries, self._timeout)
        outcome: Answer | NoAnswer | None = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as end:
                return cast(T, end.value)
            if isinstance(step, Send):
                outcome = self._send(step)
            else:
                time.sleep(step.seconds)
                outcome = None

    def _send(self, step: Send) -> Answer | NoAnswer:
        body = Body(step.timeout)
        try:
            answer = self._http.send(request_of(self._http, self._settings, step), stream=True)
            try:
                for piece in answer.iter_bytes():
                    body.take(piece)
            finally:
                answer.close()
        except httpx.RequestError as error:
            return no_answer(error)
        return body.of(answer)

    def close(self) -> None:
        """Close its connections to the server."""
        if self._is_own:
            self._http.close()

    def __enter__(self) -> Tidings:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Tidings({self._settings.url!r})"
