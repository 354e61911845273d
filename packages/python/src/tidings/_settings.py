"""What both clients are made with."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Settings:
    """Where the server is and what opens it. What is not given comes from the environment.

    The names are the command line's: `TIDINGS_URL`; `TIDINGS_API_KEY`, or the first of `TIDINGS_AUTH_API_KEYS`; `TIDINGS_AUTH_JWT_SECRET`.
    """

    url: str
    api_key: str = field(repr=False)
    jwt_secret: str | None = field(repr=False)

    @classmethod
    def of(cls, url: str | None, api_key: str | None, jwt_secret: str | None) -> Settings:
        """Checked: an address that cannot be one, or a key that fits into no header, is a ValueError here and not with the first call."""
        return cls(
            url=_address(url or os.environ.get("TIDINGS_URL") or "http://127.0.0.1:8000"),
            api_key=_key(api_key or os.environ.get("TIDINGS_API_KEY") or _first_key()),
            jwt_secret=jwt_secret or os.environ.get("TIDINGS_AUTH_JWT_SECRET") or None,
        )

    def secret(self) -> str:
        """What signs tokens."""
        if self.jwt_secret is None:
            raise ValueError("jwt_secret: none was given, and TIDINGS_AUTH_JWT_SECRET is not set")
        return self.jwt_secret

    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"authorization": f"Bearer {self.api_key}", "accept": "application/json", "user-agent": "tidings-python"}


def _address(url: str) -> str:
    parts = urlsplit(url)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise ValueError("url: expected http:// or https:// and a host, such as http://127.0.0.1:8000")
    return url.rstrip("/")


def _first_key() -> str:
    return os.environ.get("TIDINGS_AUTH_API_KEYS", "").split(",")[0].strip()


def _key(key: str) -> str:
    if not key:
        raise ValueError("api_key: none was given, and TIDINGS_API_KEY is not set")
    if not all("!" <= letter <= "~" for letter in key):
        raise ValueError("api_key: expected letters, digits and signs without spaces")
    return key
