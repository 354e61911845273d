"""Requests become bytes: JSON bodies, paths and queries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from uuid import UUID


def json_bytes(value: Any) -> bytes:
    """The value as JSON. Times, dates, UUIDs and Decimals become texts, Pydantic models what they dump.

    Raises TypeError or ValueError for what JSON has no word for; neither repeats the value.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ValueError("a text holds half of a surrogate pair, which is no character") from None


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (UUID, Decimal)):
        return str(value)
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    raise TypeError(f"a {type(value).__name__} cannot be sent as JSON")


def given(**fields: Any) -> dict[str, Any]:
    """The fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def at(*segments: str) -> str:
    """The path below `/v1` of these segments, each quoted, so that an id can be any text and still is one segment."""
    return "/v1/" + "/".join(_segment(segment) for segment in segments)


def _segment(text: str) -> str:
    if not isinstance(text, str) or not text:
        raise ValueError("an id or name in the path is empty or no text")
    # Two dots alone would be taken for the way up.
    return text.replace(".", "%2E") if text in (".", "..") else quote(text, safe="")


def query_of(fields: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Query parameters, encoded; what is None is left out."""
    return tuple((name, _word(value)) for name, value in fields.items() if value is not None)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int)):
        return quote(str(value), safe="")
    # The commas between stay as they are, those within are encoded: so the server tells them apart.
    return ",".join(quote(one, safe="") for one in value)


def timestamp(name: str, time: datetime | None) -> str | None:
    """RFC 3339 in UTC with milliseconds, as the server writes it."""
    if time is None:
        return None
    if time.tzinfo is None:
        raise ValueError(f"{name}: expected a time with a time zone, such as datetime.now(timezone.utc)")
    return time.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
