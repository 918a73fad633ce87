"""`send` and `receive` with WhatsApp's kinds of message."""

import json
from pathlib import Path

import pytest

from estafette.model.ids import wamid
from tests.cli.conftest import asked, refused
from tests.conftest import Server

OURS, THEIRS = "+15550783881", "+16505550131"
SPOT = json.dumps({"latitude": 48.86, "longitude": 2.35})
SEND = ("send", "--channel", "whatsapp", "--to", THEIRS)
RECEIVE = ("receive", "--channel", "whatsapp")
NONE = "there is nothing to say: give --body, --media or both"


def test_an_object_is_sent_and_answered(home: Server, tmp_path: Path) -> None:
    file = tmp_path / "spot.json"
    file.write_text(SPOT)
    sent = asked(home, *SEND, "--type", "LOCATION", "--payload", f"@{file}")
    assert (sent["type"], sent["body"]) == ("location", "48.86, 2.35")
    reply = asked(home, *RECEIVE, THEIRS, OURS, "Coming", "--reply-to", f"SM{sent['id']}")
    assert reply["content"]["context"] == {"from": OURS[1:], "id": wamid(sent["id"])}
    again = asked(home, *SEND, "--body", "Good", "--reply-to", reply["id"])
    assert again["content"] == {"context": {"message_id": reply["id"]}}
    place = asked(home, *SEND, "--type", "location", "--payload", SPOT, "--reply-to", reply["id"])
    assert place["content"]["context"] == {"message_id": reply["id"]}


def test_people_write_any_kind_and_may_hide_their_number(home: Server) -> None:
    reaction = json.dumps({"message_id": "wamid.X", "emoji": "👍"})
    known = ("--type", "reaction", "--payload", reaction, "--user-id", "US.7")
    told = asked(home, *RECEIVE, THEIRS, OURS, *known)
    assert (told["type"], told["body"], told["content"]["user_id"]) == ("reaction", "👍", "US.7")
    hidden = asked(home, *RECEIVE, "US.8", OURS, "Hi")
    assert (hidden["from"], hidden["content"]) == ("US.8", {"user_id": "US.8"})
    assert (
        asked(home, "send", "--channel", "whatsapp", "--to", "US.8", "--body", "a")["to"] == "US.8"
    )


BAD = {
    (*SEND, "--type", "location"): (2, NONE),
    (*SEND, "--payload", SPOT): (2, "--type and --payload belong together"),
    (*SEND, "--type", "location", "--payload", "{"): (2, "--payload is no JSON: an object such as '{\"latitude\": 48.86, …}'"),
    (*SEND, "--type", "location", "--payload", "@/nowhere"): (2, "--payload @/nowhere: [Errno 2] No such file or directory: '/nowhere'"),
    (*SEND, "--type", "location", "--payload", "{}"): (2, "--payload: location is required"),
    (*SEND, "--type", "template", "--payload", "{}"): (2, "--type template: give --template instead"),
    (*SEND, "--type", "location", "--payload", SPOT, "--body", "a"): (
        2, "--payload is the whole message: leave --body, --media and --template out",
    ),
    (*SEND, "--reply-to", "x"): (2, NONE),
    (*SEND, "--body", "a", "--reply-to", "0" * 32): (2, f"--reply-to: no message {'0' * 32}"),
    ("send", "--to", THEIRS, "--type", "location", "--payload", SPOT): (2, "--type goes with --channel whatsapp"),
    ("send", "--to", THEIRS, "--body", "a", "--reply-to", "x"): (2, "--reply-to goes with --channel whatsapp"),
    ("send", "--channel", "whatsapp", "--to", "+16501131042", "--body", "a"): (
        1, "the carrier does not take it: Business eligibility payment issue (131042)",
    ),
    (*RECEIVE, THEIRS, OURS, "--type", "revoke", "--payload", "{}"): (2, "--payload: revoke.original_message_id is required"),
    (*RECEIVE, THEIRS, OURS, "a", "--user-id", "7"): (2, "--user-id is like US.13491208655302741918, with --channel whatsapp"),
    (*RECEIVE, THEIRS, OURS, "a", "--reply-to", "0" * 32): (2, f"--reply-to: no message {'0' * 32}"),
    ("receive", THEIRS, "+15017122661", "--payload", SPOT): (2, "--payload goes with --channel whatsapp: an SMS has text and media only"),
}  # fmt: skip


@pytest.mark.parametrize("command", BAD, ids=" ".join)
def test_what_is_typed_wrong_is_told(home: Server, command: tuple[str, ...]) -> None:
    assert refused(home, *command) == BAD[command]
