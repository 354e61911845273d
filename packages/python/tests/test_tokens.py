from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from tidings import mint_token

SECRET = "s" * 32


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def test_a_token_says_who_and_until_when_and_nothing_that_was_not_given() -> None:
    claims = claims_of(mint_token(SECRET, "ada", ttl=60))
    assert claims["sub"] == "ada"
    assert claims["exp"] - claims["iat"] == 60
    assert set(claims) == {"sub", "iat", "exp"}
    assert "=" not in mint_token(SECRET, "ada")


def test_roles_rooms_and_claims() -> None:
    token = mint_token(
        SECRET, "ada", roles=["admin"], rooms=("order_*",), ttl=timedelta(minutes=1), claims={"aud": "live"}
    )
    claims = claims_of(token)
    assert (claims["roles"], claims["rooms"], claims["aud"]) == (["admin"], ["order_*"], "live")


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "short"},
        {"user": ""},
        {"user": 7},
        {"ttl": 0},
        {"ttl": -5},
        {"claims": {"exp": 9}},
        {"claims": {"sub": "eve"}},
        {"roles": "admin"},
        {"rooms": "order_*"},
    ],
)
def test_what_the_server_would_refuse_or_nobody_means(wrong: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        mint_token(**{"secret": SECRET, "user": "ada", **wrong})
