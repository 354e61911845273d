"""Who may sign in, and who is signed in. The session is a cookie that no script can read; what opens Tidings is a token of its own."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, HTTPException, Request, Response
from pydantic import BaseModel, Field
from tidings.fastapi import Who

from .storage import Storage

COOKIE = "helpdesk_session"
_SESSION_SECONDS = 8 * 3600
router = APIRouter()


@dataclass(frozen=True)
class User:
    """Somebody who works here."""

    name: str
    role: str


class Login(BaseModel):
    """Name and password."""

    username: str = Field(max_length=64)
    password: str = Field(max_length=128)


def storage_of(request: Request) -> Storage:
    """The application's database."""
    storage: Storage = request.state.storage
    return storage


Database = Annotated[Storage, Depends(storage_of)]


def add_user(storage: Storage, name: str, password: str, role: str) -> None:
    """Lets somebody sign in, or changes their password and role."""
    salt = secrets.token_bytes(16)
    storage.rows("INSERT OR REPLACE INTO users VALUES (?, ?, ?, ?)", name, salt, _digest(password, salt), role)


def signed_in(storage: Database, session: Annotated[str | None, Cookie(alias=COOKIE, max_length=128)] = None) -> User:
    """Who asks; 401 when nobody is signed in."""
    found = storage.row(
        "SELECT name, role FROM sessions JOIN users ON name = user WHERE digest = ? AND ends_at > ?",
        _key(session or ""),
        int(time.time()),
    )
    if found is None:
        raise HTTPException(401, "nobody is signed in")
    return User(found["name"], found["role"])


Somebody = Annotated[User, Depends(signed_in)]


def who(user: Somebody) -> Who:
    """For whom Tidings gets a token: the name and the role are the application's."""
    return Who(user.name, roles=[user.role])


@router.post("/api/v1/login")
def login(given: Login, storage: Database, response: Response) -> dict[str, str]:
    """Signs in."""
    found = storage.row("SELECT * FROM users WHERE name = ?", given.username)
    # Unknown names cost as much as wrong passwords.
    digest = _digest(given.password, found["salt"] if found else b"")
    if found is None or not hmac.compare_digest(digest, found["password"]):
        raise HTTPException(401, "name or password is wrong")
    session = secrets.token_urlsafe(32)
    ends_at = int(time.time()) + _SESSION_SECONDS
    storage.rows("INSERT INTO sessions VALUES (?, ?, ?)", _key(session), found["name"], ends_at)
    storage.rows("DELETE FROM sessions WHERE ends_at <= ?", int(time.time()))
    response.set_cookie(COOKIE, session, max_age=_SESSION_SECONDS, httponly=True, samesite="strict")
    return {"name": found["name"], "role": found["role"]}


@router.post("/api/v1/logout", status_code=204)
def logout(storage: Database, response: Response, session: Annotated[str | None, Cookie(alias=COOKIE)] = None) -> None:
    """Signs out."""
    storage.rows("DELETE FROM sessions WHERE digest = ?", _key(session or ""))
    response.delete_cookie(COOKIE)


@router.get("/api/v1/me")
def me(user: Somebody) -> dict[str, str]:
    """Who is signed in."""
    return {"name": user.name, "role": user.role}


def _digest(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


def _key(session: str) -> bytes:
    return hashlib.sha256(session.encode()).digest()
