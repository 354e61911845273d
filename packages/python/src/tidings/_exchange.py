"""How a call is brought to its end: attempts, waits and what they mean. Pure; a client sends and waits for it.

`exchange` is a generator: it says what to do next (`Send`, `Wait`) and is told what came of it (`Answer`, `NoAnswer`). So the blocking and the
awaiting client have one way of retrying.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ._call import Call
from ._errors import TidingsError, UnavailableError, error_of

T = TypeVar("T")
_log = logging.getLogger("tidings")
_MAY_HAVE_ARRIVED = frozenset({502, 503, 504})


@dataclass(frozen=True)
class Retries:
    """How often and how long a call is tried. `Retries(attempts=1)` never tries again."""

    attempts: int = 4
    """In all, the first one included."""
    within: float = 20.0
    """Seconds for all of it: attempts and waits."""
    first_wait: float = 0.2
    """Seconds before the second attempt, at most; doubled with each further one. What is waited is drawn from below it."""
    longest_wait: float = 5.0
    """Seconds that a wait is not doubled beyond. What the server asks for may be longer."""

    def __post_init__(self) -> None:
        if self.attempts < 1 or min(self.within, self.first_wait, self.longest_wait) < 0:
            raise ValueError("retries: expected at least one attempt, and no negative seconds")

    def wait(self, tried: int, spent: float, asked: float | None) -> float | None:
        """Seconds until the next attempt; None when there is none. `asked` is what the server said."""
        most: float = min(self.longest_wait, self.first_wait * 2.0 ** (tried - 1))
        # Those who were told the same time do not all come back at that time.
        wait = random.uniform(0, most) + (asked or 0.0)
        return wait if tried < self.attempts and spent + wait < self.within else None


@dataclass(frozen=True)
class Send:
    """Send the call, and give up after this many seconds."""

    call: Call[Any]
    timeout: float


@dataclass(frozen=True)
class Wait:
    """Wait this many seconds."""

    seconds: float


@dataclass(frozen=True)
class Answer:
    """The server answered."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class NoAnswer:
    """None came."""

    why: str
    sent: bool
    """Whether the request may have arrived."""


def exchange(call: Call[T], retries: Retries, timeout: float) -> Generator[Send | Wait, Answer | NoAnswer | None, T]:
    """Tries until there is an answer, or no attempt or no time is left; then raises what went wrong last."""
    started = time.monotonic()
    tried = 0
    while True:
        tried += 1
        left = retries.within - (time.monotonic() - started)
        outcome = yield Send(call, min(timeout, max(left, 0.001)))
        if isinstance(outcome, Answer) and outcome.status < 300:
            return call.read(outcome.body)
        error = _error(outcome)
        wait = retries.wait(tried, time.monotonic() - started, error.retry_after)
        if wait is None or not _may_be_sent_again(call, outcome, error):
            raise error
        _log.debug("%s: %s, attempt %d, again in %.1f s", call.name, error.code, tried, wait)
        yield Wait(wait)


def _error(outcome: Answer | NoAnswer | None) -> TidingsError:
    if isinstance(outcome, Answer):
        return error_of(outcome.status, outcome.headers, outcome.body)
    return UnavailableError(f"no answer from the server: {outcome.why if outcome else 'nothing was sent'}")


def _may_be_sent_again(call: Call[Any], outcome: Answer | NoAnswer | None, error: TidingsError) -> bool:
    if isinstance(outcome, Answer):
        if outcome.status in _MAY_HAVE_ARRIVED:
            return call.repeatable
        # 409 with a time: the first request with this key still runs.
        return outcome.status == 429 or (outcome.status == 409 and error.retry_after is not None)
    return isinstance(outcome, NoAnswer) and (call.repeatable or not outcome.sent)
