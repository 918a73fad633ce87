"""TwiML answers: what they say is sent, what is wrong with them is told."""

import time
from collections.abc import Iterator

import pytest
from twilio.twiml.messaging_response import MessagingResponse

from tests.conftest import Server
from tests.doors.twilio.conftest import new_number
from tests.doors.twilio.lines import Line, is_signed, line
from tests.receiver import Heard, Said


@pytest.fixture(scope="module")
def shared_line(shared_server: Server) -> Iterator[Line]:
    with line(shared_server) as found:
        yield found


@pytest.fixture
def sms(shared_line: Line) -> Iterator[Line]:
    """A number that was told nothing yet, without a fallback."""
    yield shared_line
    shared_line.receiver.heard.clear()


@pytest.fixture
def spared(server: Server) -> Iterator[Line]:
    """A number with a fallback."""
    with line(server) as found:
        found.set(fallback_url=f"{found.receiver.url}/spare")
        yield found


def test_two_replies_are_sent_in_their_order(sms: Line) -> None:
    response = MessagingResponse()
    response.message("One & <one>")
    second = response.message(action="/what-became")
    second.body("Two")
    second.body(" halves")
    second.media("https://example.com/a.png")
    second.media("/b.png")
    answer, replies, by = sms.ask(str(response))
    assert (answer, replies) == ("200", ["One & <one>", "Two halves"])
    one, two = sms.replies(by)
    assert (one["from"], one["to"], one["direction"]) == (sms.number, by, "outbound-reply")
    assert (one["num_media"], two["num_media"]) == ("0", "2")
    sms.api.until(one["sid"], "delivered")
    statuses = [item for item in sms.receiver.wait(3) if item.path == "/what-became"]
    assert {item.form["MessageSid"] for item in statuses} == {two["sid"]}
    assert is_signed(statuses[0], sms.url)


def test_a_reply_may_go_elsewhere_and_come_from_another_number(sms: Line) -> None:
    to = new_number()
    response = MessagingResponse()
    response.message("Over there", to=to, from_="+15017122661")
    answer, replies, _ = sms.ask(str(response))
    assert (answer, replies) == ("200", [])
    (reply,) = sms.replies(to)
    assert (reply["from"], reply["body"]) == ("+15017122661", "Over there")


@pytest.mark.parametrize(
    "said",
    [
        204,
        200,
        Said("<Response/>"),
        Said("<?xml version='1.0' encoding='UTF-8'?><Response><!-- nothing --></Response>"),
        Said("  \n", "application/json"),
        Said("", "text/plain"),
    ],
)
def test_nothing_said_is_nothing_sent(sms: Line, said: int | Said) -> None:
    answer, replies, _ = sms.ask(lambda heard: said)
    assert answer in ("200", "204")
    assert replies == []


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        (Said("Plain words", "text/plain; charset=utf-8"), "Plain words"),
        (Said("<Response><Message>\n  Hi\n</Message></Response>", "text/html"), "Hi"),
        (Said("<Response><Message>Hi</Message></Response>", "application/xml"), "Hi"),
        (Said("<Response><Message>H<!-- x -->i</Message></Response>"), "Hi"),
        (Said("<Response><Message><![CDATA[a < b]]></Message></Response>"), "a < b"),
        (
            Said(
                "<Response><Message>\xe9t\xe9</Message></Response>".encode("latin-1"),
                "text/xml; charset=iso-8859-1",
            ),
            "été",
        ),
        (
            Said(
                "<?xml version='1.0' encoding='ISO-8859-1'?><Response><Message>\xe9</Message>"
                "</Response>".encode("latin-1")
            ),
            "é",
        ),
    ],
)
def test_words_come_as_they_were_meant(sms: Line, said: Said, reply: str) -> None:
    assert sms.ask(said)[:2] == ("200", [reply])


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (Said("not XML at all"), 12100),
        (Said("<Response><Message>Hi</Response>"), 12100),
        (Said("<html><body>Hi</body></html>", "text/html"), 12100),
        (Said(b"<Response><Message>\xe9</Message></Response>"), 12100),
        (
            Said(
                "<!DOCTYPE Response [<!ENTITY a 'b'>]><Response><Message>&a;</Message></Response>"
            ),
            12100,
        ),
        (Said('{"a": 1}', "application/json"), 12300),
        (Said("<Response/>", ""), 12300),
        (Said("<Response><Message>Hi</Message><Say>Hi</Say></Response>"), 14110),
        (Said(f"<Response><!--{'x' * 65_536}--></Response>"), 11750),
        (Said("<Response><Redirect>mailto:a@example.com</Redirect></Response>"), 11100),
        (Said("<Response><Redirect/></Response>"), 11100),
    ],
)
def test_what_cannot_be_used_is_told_and_not_asked_for_again(
    sms: Line, said: Said, code: int
) -> None:
    answer, replies, _ = sms.ask(said)
    assert answer.startswith(f"200, but {code}: ")
    assert replies == []
    assert len(sms.receiver.heard) == 1


def test_what_cannot_be_used_gives_way_to_the_fallback(spared: Line) -> None:
    good = Said("<Response><Message>Sorry</Message></Response>")
    answer, replies, _ = spared.ask(lambda heard: good if heard.path == "/spare" else Said("<x/>"))
    assert replies == ["Sorry"]
    assert answer.endswith(", then the fallback: 200")
    spare = spared.receiver.heard[-1]
    assert (spare.form["ErrorCode"], spare.form["ErrorUrl"]) == ("12100", spared.url)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("<Message/>", 21602),
        (f"<Message>{'x' * 1601}</Message>", 21617),
        ("<Message to='nobody'>x</Message>", 21211),
        ("<Message from='+14155550198'>x</Message>", 21606),
        ("<Message to='whatsapp:+14155550198'>x</Message>", 21910),
        ("<Message>x" + "<Media>http://example.com/a</Media>" * 11 + "</Message>", 21623),
        ("<Message><Body>x</Body><Media>ftp://example.com/a</Media></Message>", 21620),
        ("<Message action='mailto:a@example.com'>x</Message>", 21609),
    ],
)
def test_a_reply_that_cannot_be_sent_is_noted_and_holds_up_no_other(
    sms: Line, message: str, code: int
) -> None:
    document = f"<Response>{message}<Message>This one can</Message></Response>"
    answer, replies, _ = sms.ask(document)
    assert answer.startswith(f"200, but {code}: ")
    assert replies == ["This one can"]


def test_a_recipient_who_opted_out_is_not_written_to(sms: Line) -> None:
    document = "<Response><Message from='+15005550006' to='+15005550004'>x</Message></Response>"
    answer, _, _ = sms.ask(document)
    assert answer == "200, but 21610: Attempt to send to unsubscribed recipient"


def test_ten_replies_are_the_most(sms: Line) -> None:
    messages = "".join(f"<Message>{number}</Message>" for number in range(11))
    answer, replies, _ = sms.ask(f"<Response>{messages}</Response>")
    assert answer.startswith("200, but 14109: ")
    assert replies == [str(number) for number in range(10)]


def test_what_a_message_cannot_hold_is_noted(sms: Line) -> None:
    answer, replies, _ = sms.ask("<Response><Message>a<b>x</b>c</Message></Response>")
    assert (answer, replies) == ("200, but 12200: <b> has no meaning in a <Message>", ["ac"])


def test_a_redirect_leads_on(sms: Line) -> None:
    first = MessagingResponse()
    first.message("First")
    first.redirect("more?step=2", method="GET")
    first.message("Never")
    pages = {"/sms": str(first), "/more": "<Response><Message>Then</Message></Response>"}
    answer, replies, _ = sms.ask(lambda heard: Said(pages[heard.path.partition("?")[0]]))
    assert (answer, replies) == ("200", ["First", "Then"])
    one, two = sms.receiver.heard
    assert (one.method, two.method) == ("POST", "GET")
    assert set(two.form) == set(one.form) | {"step"}
    assert is_signed(two, sms.url)
    name = "i-twilio-idempotency-token"
    assert one.headers[name] != two.headers[name]


def test_redirects_end(sms: Line) -> None:
    answer, replies, _ = sms.ask(
        "<Response><Message>x</Message><Redirect>/sms</Redirect></Response>"
    )
    assert answer == "200, but 14106: More than 10 redirects"
    assert len(sms.receiver.heard) == 11
    assert len(replies) == 10


def test_a_redirect_to_what_fails_gives_way_to_the_fallback(spared: Line) -> None:
    pages: dict[str, int | Said] = {
        "/sms": Said("<Response><Redirect>/gone</Redirect></Response>"),
        "/gone": 404,
        "/spare": Said("<Response><Message>Sorry</Message></Response>"),
    }
    answer, replies, _ = spared.ask(lambda heard: pages[heard.path])
    assert (answer, replies) == ("404, then the fallback: 200", ["Sorry"])
    assert spared.receiver.heard[-1].form["ErrorUrl"] == f"{spared.receiver.url}/gone"


@pytest.mark.slow
def test_two_numbers_of_ours_do_not_answer_each_other_without_end(
    server: Server, sms: Line
) -> None:
    with line(server) as other:
        for one in (sms, other):
            one.receiver.answers = lambda heard: Said(
                "<Response><Message>Ping</Message></Response>"
            )
        answers = []
        began = time.monotonic()
        for turn in range(17):
            here, there = (sms, other) if turn % 2 else (other, sms)
            answers.append(here.told(here.write("Ping", by=there.number)))
        assert time.monotonic() - began < 28, "too slow to tell anything"
        assert answers[:15] == ["200"] * 15
        assert all(answer.startswith("200, but 14107: ") for answer in answers[15:])
        assert len(sms.replies(other.number)) + len(other.replies(sms.number)) == 15


@pytest.mark.slow
def test_a_crash_in_the_middle_of_an_answer_sends_no_reply_twice(own_server: Server) -> None:
    own_server.start()
    with line(own_server) as sms:
        page = "<Response><Message>One</Message><Redirect>/slow</Redirect></Response>"
        slow = True

        def answers(heard: Heard) -> Said | None:
            if heard.path == "/sms":
                return Said(page)
            if slow:
                time.sleep(5)
                return None
            return Said("<Response><Message>Two</Message></Response>")

        sms.receiver.answers = answers
        by = new_number()
        sid = sms.write("Hi", by=by)
        sms.receiver.wait(2)
        assert [item["body"] for item in sms.replies(by)] == ["One"]
        own_server.kill()
        slow = False
        own_server.start()
        assert sms.told(sid) == "200"
        assert [item["body"] for item in sms.replies(by)] == ["One", "Two"]
        assert [item.path for item in sms.receiver.heard] == ["/sms", "/slow", "/sms", "/slow"]
