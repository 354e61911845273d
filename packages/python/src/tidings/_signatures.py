"""Signatures of Standard Webhooks: HMAC-SHA256 over id, time and body of a request."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping

TOLERANCE = 300.0
"""Seconds that a request may be old, or ahead of this machine's clock."""
_SHOWN_MAX = 16


class SignatureError(Exception):
    """The request is not known to come from the server: nothing in it may be believed."""


def key_of(secret: str) -> bytes:
    """The key: what stands in base64 behind `whsec_`, or the bytes of any other text. ValueError where there is none."""
    try:
        key = base64.b64decode(secret[6:], validate=True) if secret.startswith("whsec_") else secret.encode()
    except binascii.Error:
        raise ValueError("a webhook secret has something behind whsec_ that is not base64") from None
    if not key:
        raise ValueError("a webhook secret is empty")
    return key


def sign(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """What `webhook-signature` says of a request: `v1,…`."""
    content = f"{webhook_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key_of(secret), content, hashlib.sha256).digest()).decode()


def verify(
    secrets: tuple[str, ...],
    headers: Mapping[str, str],
    body: bytes,
    *,
    tolerance: float = TOLERANCE,
    now: float | None = None,
) -> str:
    """The request's id, if one of its signatures is by one of the secrets and it is of now; else raises SignatureError.

    Several secrets, and several signatures in the header, make room for a change of secrets. Names of headers may be in any case.
    """
    named = {name.lower(): value for name, value in headers.items()}
    webhook_id = named.get("webhook-id", "")
    timestamp = named.get("webhook-timestamp", "")
    if not webhook_id or not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16):
        raise SignatureError("webhook-id or webhook-timestamp is missing or not as expected")
    if abs((time.time() if now is None else now) - int(timestamp)) > tolerance:
        raise SignatureError("webhook-timestamp is too far from this machine's clock")
    shown = named.get("webhook-signature", "").encode(errors="replace").split()[:_SHOWN_MAX]
    expected = [sign(secret, webhook_id, int(timestamp), body).encode() for secret in secrets]
    matches = [hmac.compare_digest(ours, theirs) for ours in expected for theirs in shown]
    if not any(matches):
        raise SignatureError("webhook-signature is by none of the secrets")
    return webhook_id
