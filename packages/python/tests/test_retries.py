from __future__ import annotations

import asyncio
import logging
import socket
import time
from typing import Any

import pytest
from flaky import HANGS_UP, Flaky, Says, flaky, problem

from tidings import (
    AsyncTidings,
    Call,
    InternalError,
    InvalidRequestError,
    NotFoundError,
    RateLimitedError,
    Retries,
    Tidings,
    TidingsError,
    UnavailableError,
    room,
)
from tidings._exchange import NoAnswer, Send, Wait, exchange
from tidings.calls import messages, publishing, users

QUICK = Retries(first_wait=0.001, longest_wait=0.01)
PUBLISH = publishing.publish(room("orders"), "order_created", {"text": "confidential"})
EDIT = messages.edit("channel_x", "m1", "hello")


@pytest.fixture(params=["blocking", "awaiting"])
def run(request: pytest.FixtureRequest) -> Any:
    """Runs a call against a server of ours, with either client."""

    def blocking(server: Flaky, call: Call[Any], retries: Retries = QUICK, timeout: float = 5) -> Any:
        with Tidings(server.url, "key", retries=retries, timeout=timeout) as live:
            return live.run(call)

    async def awaiting(server: Flaky, call: Call[Any], retries: Retries = QUICK, timeout: float = 5) -> Any:
        async with AsyncTidings(server.url, "key", retries=retries, timeout=timeout) as live:
            return await live.run(call)

    return blocking if request.param == "blocking" else lambda *args, **more: asyncio.run(awaiting(*args, **more))


@pytest.mark.parametrize(
    "trouble",
    [
        HANGS_UP,
        problem(503, "unavailable"),
        problem(429, "rate_limited", retry_after_ms=5),
        problem(409, "conflict", retry_after_ms=5),
        Says(502, b"<html>bad gateway</html>"),
        Says(503, b"", {"retry-after": "0"}),
    ],
)
def test_what_may_have_been_lost_is_sent_again_with_the_same_key(run: Any, trouble: Says) -> None:
    with flaky(trouble, trouble, Says()) as server:
        assert run(server, PUBLISH).id == "e1"
    assert len(server.asked) == 3
    assert len({(one.key, one.body) for one in server.asked}) == 1
    assert server.asked[0].key


def test_each_publish_draws_a_key_of_its_own() -> None:
    keys = {publishing.publish(room("a"), "x").idempotency_key for _ in range(3)}
    assert len(keys) == 3
    assert publishing.publish(room("a"), "x", idempotency_key="mine").idempotency_key == "mine"


def test_attempts_are_bounded(run: Any) -> None:
    with flaky(*[problem(503, "unavailable")] * 9) as server, pytest.raises(UnavailableError) as failed:
        run(server, PUBLISH)
    assert (failed.value.status, len(server.asked)) == (503, 4)


def test_a_wait_longer_than_the_time_left_is_not_begun(run: Any) -> None:
    started = time.monotonic()
    with (
        flaky(problem(429, "rate_limited", retry_after_ms=60_000)) as server,
        pytest.raises(RateLimitedError) as failed,
    ):
        run(server, PUBLISH)
    assert failed.value.retry_after == 60
    assert len(server.asked) == 1
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("says", "error"),
    [
        (problem(400, "invalid_request", errors=[{"path": "type", "message": "missing"}]), InvalidRequestError),
        (problem(404, "not_found"), NotFoundError),
        (problem(409, "conflict"), TidingsError),
        (problem(500, "internal"), InternalError),
        (Says(302, b"", {"location": "http://elsewhere.invalid/"}), InternalError),
        (problem(418, "of_a_newer_server"), TidingsError),
    ],
)
def test_what_would_fail_again_is_not_tried_again(run: Any, says: Says, error: type[TidingsError]) -> None:
    with flaky(says) as server, pytest.raises(error) as failed:
        run(server, PUBLISH)
    assert len(server.asked) == 1
    assert failed.value.status == says.status


def test_what_cannot_be_repeated_is_sent_again_only_when_it_was_refused(run: Any) -> None:
    for trouble in (HANGS_UP, problem(503, "unavailable")):
        with flaky(trouble) as server, pytest.raises(UnavailableError):
            run(server, EDIT)
        assert len(server.asked) == 1
    with flaky(problem(429, "rate_limited"), Says(200, {"id": "e2"})) as server:
        assert run(server, EDIT).id == "e2"


def test_what_never_left_is_sent_again_whatever_it_is() -> None:
    steps = exchange(EDIT, QUICK, 5)
    assert isinstance(next(steps), Send)
    assert isinstance(steps.send(NoAnswer("refused", sent=False)), Wait)
    assert isinstance(next(steps), Send)
    with pytest.raises(UnavailableError):
        steps.send(NoAnswer("lost", sent=True))


def test_nobody_listens(run: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = Flaky(f"http://127.0.0.1:{taken.getsockname()[1]}", [])
        with pytest.raises(UnavailableError, match="ConnectError") as failed:
            run(nobody, EDIT)
    assert failed.value.status is None


def test_a_server_that_says_nothing_costs_the_timeout(run: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = Flaky(f"http://127.0.0.1:{silent.getsockname()[1]}", [])
        with pytest.raises(UnavailableError, match="Timeout"):
            run(server, PUBLISH, retries=Retries(attempts=2, first_wait=0), timeout=0.1)


def test_an_answer_that_never_ends_costs_the_timeout_too(run: Any) -> None:
    with (
        flaky(Says(202, b"x" * 200, drips=True)) as server,
        pytest.raises(UnavailableError, match="did not end in time"),
    ):
        run(server, PUBLISH, retries=Retries(attempts=1), timeout=0.2)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"id": 7, "reached": {}}',
        b'{"id": "a", "reached": {"users": "x", "connections": 1}}',
    ],
)
def test_answers_that_are_not_as_expected(run: Any, body: bytes) -> None:
    with flaky(Says(202, body)) as server, pytest.raises(InternalError, match="answer is not"):
        run(server, PUBLISH)


def test_fields_that_are_not_known_yet_are_passed_over(run: Any) -> None:
    with flaky(Says(202, {"id": "e1", "reached": {"users": 1, "connections": 2, "devices": 3}, "new": True})) as server:
        assert run(server, PUBLISH).reached.connections == 2


def test_logs_and_calls_show_no_key_and_no_content(run: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), flaky(HANGS_UP, Says(200, {})) as server:
        run(server, users.preferences("ada"))
    with caplog.at_level(logging.DEBUG), flaky(HANGS_UP, Says()) as server:
        run(server, PUBLISH)
    assert "publish: unavailable" in caplog.text
    assert "confidential" not in caplog.text + repr(PUBLISH)
    assert "Bearer key" not in caplog.text


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"within": -1}])
def test_settings_of_retries_that_make_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="retries"):
        Retries(**wrong)
