from __future__ import annotations

from typing import Any

import pytest
from conftest import Ask, Server

from tidings import ForbiddenError, InvalidRequestError, NotFoundError


def test_e1_messages_from_sending_to_deleting(
    server: Server, both: tuple[Any, Ask], request: pytest.FixtureRequest
) -> None:
    live, ask = both
    name = f"channel_chat_{request.node.callspec.id}"
    with server.listen("ada", join=name) as ada:
        sent = ask(live.messages.send(name, "The parcel has left.", sender="bob", mentions=["ada"]))
        heard = ada.next("chat_message")
        assert (heard["id"], heard["from"], heard["data"]["content"]) == (sent.id, "bob", "The parcel has left.")

        ask(live.messages.edit(name, sent.id, "The parcel has left at nine.", sender="bob"))
        assert ada.next("message_edited")["data"]["message_id"] == sent.id
        ask(live.messages.react(name, sent.id, "👍", sender="ada"))
        ask(live.messages.pin(name, sent.id))
        found = ask(live.messages.get(name, sent.id, user="ada"))
        assert (found.content, found.sender) == ("The parcel has left at nine.", "bob")
        assert [(one.emoji, one.count, one.users, one.mine) for one in found.reactions] == [("👍", 1, ["ada"], True)]
        assert found.pin is not None
        assert "parcel" not in repr(found)
        assert [one.id for one in ask(live.messages.list(name, pinned=True)).items] == [sent.id]

        ask(live.messages.unreact(name, sent.id, "👍", sender="ada"))
        ask(live.messages.unpin(name, sent.id))
        with pytest.raises(ForbiddenError):
            ask(live.messages.edit(name, sent.id, "Mine now.", sender="ada"))
        ask(live.messages.delete(name, sent.id, sender="bob"))
        assert ada.next("message_deleted")["data"]["message_id"] == sent.id


def test_e2_marks_mutes_and_replies(both: tuple[Any, Ask], request: pytest.FixtureRequest) -> None:
    live, ask = both
    name = f"channel_read_{request.node.callspec.id}"
    first = ask(live.messages.send(name, "one", sender="bob"))
    reply = ask(live.messages.send(name, "two", sender="ada", reply_to_message=first.id, thread=first.id))
    assert [one.id for one in ask(live.messages.list(name, thread=first.id)).items] == [reply.id]
    ask(live.messages.mark_read(name, "ada", reply.id))
    (mark,) = [one for one in ask(live.messages.marks(name)).items if one.user == "ada"]
    assert mark.up_to == reply.offset
    assert ask(live.messages.mute(name, "ada")).muted
    assert not ask(live.messages.unmute(name, "ada")).muted


def test_e1_a_client_id_stores_once_and_nonsense_is_refused(
    both: tuple[Any, Ask], request: pytest.FixtureRequest
) -> None:
    live, ask = both
    name = f"channel_once_{request.node.callspec.id}"
    first = ask(live.messages.send(name, "hello", sender="bob", client_id="c1"))
    assert ask(live.messages.send(name, "hello", sender="bob", client_id="c1")).id == first.id
    with pytest.raises(InvalidRequestError):
        ask(live.messages.send(name, "  "))
    with pytest.raises(NotFoundError):
        ask(live.messages.get(f"{name}_other", first.id))
