"""What the server tells the back end: signed requests, opened and handed to your functions.

```python
receiver = Receiver("whsec_…")

@receiver.on("user.offline")
def gone(event: Event) -> None: ...

@receiver.command("custom_action")
def custom_action(command: Command) -> dict: ...       # what it returns goes back to the client
```

`tidings.fastapi.webhook_router` puts a receiver into a FastAPI application. Anywhere else pass a POST's headers and body to `receive`, and answer with
its reply.
"""

from __future__ import annotations

import inspect
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from ._errors import InternalError
from ._reading import parse, read_as
from ._signatures import TOLERANCE, SignatureError, key_of, sign, verify
from ._writing import json_bytes

__all__ = ["TOLERANCE", "Command", "CommandError", "Event", "Receiver", "Reply", "SignatureError", "sign", "verify"]

_log = logging.getLogger("tidings")
_REMEMBERED_MAX = 1000
_STATUS = {
    "invalid_request": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "unknown_type": 404,
    "conflict": 409,
    "payload_too_large": 413,
    "rate_limited": 429,
    "unavailable": 503,
}


@dataclass(frozen=True)
class Event:
    """Something that happened: `user.offline`, `message.created`, …"""

    id: str
    """The same when it is told again."""
    type: str
    time: datetime
    data: Any = field(repr=False)


@dataclass(frozen=True)
class Command:
    """What a client asked of the back end with `{"type": "command"}`."""

    id: str
    """The same when it is told again."""
    command: str
    user: str
    """Who asks, as their token says."""
    connection_id: str | None = None
    data: Any = field(default=None, repr=False)
    """What they sent with it. It comes from a client: believe none of it."""


class CommandError(Exception):
    """Raised by a command's function: the client is told this code, one of the server's list, and these words."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True)
class Reply:
    """What to answer to the server."""

    status: int
    body: bytes = field(default=b"", repr=False)
    content_type: str = "application/json"


EventHandler = TypeVar("EventHandler", bound=Callable[[Event], Any])
CommandHandler = TypeVar("CommandHandler", bound=Callable[[Command], Any])


@dataclass(frozen=True)
class _Envelope:
    type: str
    timestamp: datetime
    data: Any = None


@dataclass(frozen=True)
class _CommandData:
    command: str
    user: str
    connection_id: str | None = None
    data: Any = None


@dataclass(frozen=True)
class _Work:
    id: str
    about: Event | Command
    handlers: tuple[Callable[[Any], Any], ...]


class Receiver:
    """Your functions by event and by command. Several secrets make room for a change of secrets.

    A request that is told again because the answer got lost runs nothing again while this process remembers it: the last 1000.
    """

    def __init__(self, *secrets: str, tolerance: float = TOLERANCE) -> None:
        if not secrets:
            raise ValueError("secrets: expected at least one")
        for secret in secrets:
            key_of(secret)
        self._secrets = secrets
        self._tolerance = tolerance
        self._events: dict[str, list[Callable[[Event], Any]]] = {}
        self._commands: dict[str, Callable[[Command], Any]] = {}
        self._done: OrderedDict[str, Reply] = OrderedDict()

    def on(self, *types: str) -> Callable[[EventHandler], EventHandler]:
        """Run a function with each event of these types; `*` is all of them."""

        def register(handler: EventHandler) -> EventHandler:
            for event_type in types:
                self._events.setdefault(event_type, []).append(handler)
            return handler

        return register

    def command(self, name: str) -> Callable[[CommandHandler], CommandHandler]:
        """Answer a client's command: what the function returns goes back to that client."""

        def register(handler: CommandHandler) -> CommandHandler:
            if name in self._commands:
                raise ValueError(f"the command {name} has a function already")
            self._commands[name] = handler
            return handler

        return register

    def receive(self, headers: Mapping[str, str], body: bytes) -> Reply:
        """Check, run the functions, and say what to answer. For functions that are no coroutines."""
        work = self._opened(headers, body)
        if isinstance(work, Reply):
            return work
        try:
            results = [_at_once(handler(work.about)) for handler in work.handlers]
        except Exception as error:
            return self._failed(error)
        return self._finished(work, results)

    async def receive_async(self, headers: Mapping[str, str], body: bytes) -> Reply:
        """The same for coroutines too."""
        work = self._opened(headers, body)
        if isinstance(work, Reply):
            return work
        results = []
        try:
            for handler in work.handlers:
                result = handler(work.about)
                results.append(await result if inspect.isawaitable(result) else result)
        except Exception as error:
            return self._failed(error)
        return self._finished(work, results)

    def _opened(self, headers: Mapping[str, str], body: bytes) -> _Work | Reply:
        try:
            webhook_id = verify(self._secrets, headers, body, tolerance=self._tolerance)
        except SignatureError as error:
            return _problem("unauthorized", str(error))
        if webhook_id in self._done:
            return self._done[webhook_id]
        try:
            envelope: _Envelope = read_as(_Envelope, parse(body))
            if envelope.type != "command":
                event = Event(webhook_id, envelope.type, envelope.timestamp, envelope.data)
                handlers = (*self._events.get(event.type, ()), *self._events.get("*", ()))
                return _Work(webhook_id, event, handlers)
            asked: _CommandData = read_as(_CommandData, envelope.data, "data")
        except InternalError:
            return _problem("invalid_request", "the body is not as expected: an object with type, timestamp and data")
        handler = self._commands.get(asked.command)
        if handler is None:
            return _problem("unknown_type", "the application has no such command")
        command = Command(webhook_id, asked.command, asked.user, asked.connection_id, asked.data)
        return _Work(webhook_id, command, (handler,))

    def _failed(self, error: Exception) -> Reply:
        if isinstance(error, CommandError):
            return _problem(error.code, error.detail)
        _log.error("a function for webhooks failed", exc_info=error)
        return _problem("internal", "the application failed")

    def _finished(self, work: _Work, results: list[Any]) -> Reply:
        if isinstance(work.about, Event):
            reply = Reply(204)
        else:
            try:
                reply = Reply(200, json_bytes(results[0]))
            except (TypeError, ValueError) as error:
                return self._failed(error)
        self._done[work.id] = reply
        if len(self._done) > _REMEMBERED_MAX:
            self._done.popitem(last=False)
        return reply


def _at_once(result: Any) -> Any:
    if inspect.iscoroutine(result):
        result.close()
        raise TypeError("this function is a coroutine: use receive_async")
    return result


def _problem(code: str, detail: str) -> Reply:
    status = _STATUS.get(code, 500)
    body = json_bytes({"type": "about:blank", "status": status, "code": code, "detail": detail})
    return Reply(status, body, "application/problem+json")
