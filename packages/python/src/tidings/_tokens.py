"""Tokens of users: JSON Web Tokens, signed here with HS256."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

_SECRET_BYTES_MIN = 32
_OWN = frozenset({"sub", "roles", "rooms", "iat", "exp"})


def mint_token(
    secret: str,
    user: str,
    *,
    roles: Iterable[str] = (),
    rooms: Iterable[str] = (),
    ttl: timedelta | float = 3600,
    claims: Mapping[str, Any] | None = None,
) -> str:
    """A token with which `user` connects, good for `ttl` (seconds, or a timedelta).

    `rooms` are names that may end in `*`: what the token opens whatever the rooms' rules say. `claims` are more of them, such as `aud` and
    `iss`. `secret` is the server's `auth.jwt_secret`. Raises ValueError for a secret that the server would refuse, an empty user, and what is
    already past.
    """
    if len(secret.encode()) < _SECRET_BYTES_MIN:
        raise ValueError(f"jwt_secret: expected at least {_SECRET_BYTES_MIN} bytes, as the server does")
    if not isinstance(user, str):
        raise TypeError(f"user: expected a text, got a {type(user).__name__}")
    if not user:
        raise ValueError("user: expected an id, and it is empty")
    seconds = ttl.total_seconds() if isinstance(ttl, timedelta) else ttl
    if seconds < 1:
        raise ValueError("ttl: expected at least a second")
    taken = sorted(_OWN & set(claims or ()))
    if taken:
        raise ValueError(f"claims: {taken[0]} has an argument or a meaning of its own")
    now = int(time.time())
    body = {**(claims or {}), "sub": user, "iat": now, "exp": now + int(seconds)}
    body |= {
        name: listed for name, listed in (("roles", _list("roles", roles)), ("rooms", _list("rooms", rooms))) if listed
    }
    signed = _part({"alg": "HS256", "typ": "JWT"}) + "." + _part(body)
    return signed + "." + _text(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())


def _list(name: str, given: Iterable[str]) -> list[str]:
    # A text is a list of its letters to Python, and a token of roles a, d, m, i, n to nobody.
    if isinstance(given, str):
        raise TypeError(f"{name}: expected a list of texts, got one text")
    return list(given)


def _part(value: dict[str, Any]) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
