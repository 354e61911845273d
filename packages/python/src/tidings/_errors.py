"""Errors: one class for each code of the server's list, and how a refusal becomes one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class FieldError:
    """A field of the request that is wrong."""

    path: str
    """Where: `to.room`, `entries[3].type`."""
    message: str
    """What was expected there."""


class TidingsError(Exception):
    """What the server refused, or why there is no answer. Its text repeats nothing of the request.

    Each code has a class below; a code that this version does not know yet comes as this class itself.
    """

    code: str = "internal"
    """For programs: one of the server's list, such as `not_found`."""

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        status: int | None = None,
        errors: tuple[FieldError, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code or type(self).code
        self.detail = detail
        """For people."""
        self.status = status
        """The HTTP status; None where no answer came."""
        self.errors = errors
        """Fields that are wrong."""
        self.retry_after = retry_after
        """When to try again, in seconds, where the server said so."""

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


class InvalidRequestError(TidingsError):
    """The request is not as expected; `errors` says where."""

    code = "invalid_request"


class UnknownTypeError(TidingsError):
    """There is no such command."""

    code = "unknown_type"


class UnauthorizedError(TidingsError):
    """The API key is missing or wrong."""

    code = "unauthorized"


class TokenExpiredError(TidingsError):
    """The user's token is no longer good."""

    code = "token_expired"


class ForbiddenError(TidingsError):
    """The one in whose name it was asked may not do this."""

    code = "forbidden"


class NotFoundError(TidingsError):
    """There is no such thing, or none that the one who asks may know of."""

    code = "not_found"


class ConflictError(TidingsError):
    """The idempotency key was used with another body."""

    code = "conflict"


class PayloadTooLargeError(TidingsError):
    """The body is larger than the server's `limits.body_bytes`."""

    code = "payload_too_large"


class RateLimitedError(TidingsError):
    """Too much at once; `retry_after` says when to come back."""

    code = "rate_limited"


class QueueFullError(TidingsError):
    """A queue of the server has no room; nothing was done."""

    code = "queue_full"


class HistoryLostError(TidingsError):
    """The entries from that place on are no longer kept, or belong to another life of the room."""

    code = "history_lost"


class UnavailableError(TidingsError):
    """The server could not be reached, did not answer in time, or cannot do this now."""

    code = "unavailable"


class InternalError(TidingsError):
    """The server failed, or answered something that this package cannot read."""

    code = "internal"


_CLASSES: dict[str, type[TidingsError]] = {error.code: error for error in TidingsError.__subclasses__()}
_GATEWAYS: frozenset[int] = frozenset({502, 503, 504})


class _Problem:
    """What can be taken from an `application/problem+json` body; all of it may be missing or wrong."""

    NOTHING: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, body: bytes) -> None:
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            value = None
        self._fields: Mapping[str, Any] = value if isinstance(value, dict) else self.NOTHING

    def text(self, name: str) -> str | None:
        value = self._fields.get(name)
        return value if isinstance(value, str) else None

    def retry_after(self) -> float | None:
        value = self._fields.get("retry_after_ms")
        return value / 1000 if isinstance(value, int) and value >= 0 else None

    def errors(self) -> tuple[FieldError, ...]:
        listed = self._fields.get("errors")
        return tuple(
            FieldError(path=str(item.get("path", "")), message=str(item.get("message", "")))
            for item in (listed if isinstance(listed, list) else [])
            if isinstance(item, dict)
        )


def error_of(status: int, headers: Mapping[str, str], body: bytes) -> TidingsError:
    """The error that an answer of 300 and above stands for, also one that a proxy gave."""
    problem = _Problem(body)
    code = problem.text("code")
    if code is None:
        kind: type[TidingsError] = UnavailableError if status in _GATEWAYS else InternalError
        return kind(
            f"answered {status} with something that is not a problem document; is this a Tidings server?",
            status=status,
            retry_after=_seconds(headers),
        )
    waits = problem.retry_after()
    return _CLASSES.get(code, TidingsError)(
        problem.text("detail") or "no detail was given",
        code=code,
        status=status,
        errors=problem.errors(),
        retry_after=_seconds(headers) if waits is None else waits,
    )


def error_with(code: str, detail: str, path: str | None) -> TidingsError:
    """The error of one entry of a batch."""
    errors = () if path is None else (FieldError(path=path, message=detail),)
    return _CLASSES.get(code, TidingsError)(detail, code=code, errors=errors)


def _seconds(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` in seconds; its other form, a date, is what no Tidings server sends."""
    value = headers.get("retry-after", "").strip()
    return float(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
