"""`numbers`, and what `accounts` says of kinds, balances and verified recipients."""

from pathlib import Path

import pytest

from tests import forked
from tests.cli.conftest import asked, refused
from tests.conftest import Server


def test_the_sandbox_offers_numbers_without_being_told(home: Server) -> None:
    found = asked(home, "numbers", "list", "--country", "gb", "--kind", "mobile")["items"]
    assert found[0]["address"] == "+447700900000"
    assert (found[0]["connection"], found[0]["free"]) == ("sandbox", True)
    listed = home.run("numbers", "list", "--country", "US", "--limit", "1").stdout
    assert "+12125550100  US       local  New York  voice sms mms  sandbox     free" in listed


def test_a_number_is_added_taken_released_and_removed(home: Server) -> None:
    number = "+17875550101"
    added = ("numbers", "add", number, "--locality", "San Juan", "--capabilities", "sms,voice")
    assert home.run(*added).stdout == f"{number} is in the inventory\n"
    assert home.run(*added).stdout == f"{number} is still in the inventory\n"
    listed = asked(home, "numbers", "list", "--country", "PR")["items"]
    (found,) = (item for item in listed if item["address"] == number)
    assert (found["locality"], found["capabilities"], found["kind"]) == (
        "San Juan", ["voice", "sms"], "local",
    )  # fmt: skip
    assert home.run("numbers", "take", number, "--title", "Mine").stdout == (
        f"sms {number} is a sender\n"
    )
    (sender,) = (i for i in asked(home, "senders")["items"] if i["address"] == number)
    assert (sender["title"], sender["connection"]) == ("Mine", "sandbox")
    assert number not in str(asked(home, "numbers", "list", "--country", "PR", "--free"))
    assert refused(home, "numbers", "take", number) == (1, f"{number} is taken")
    assert home.run("numbers", "release", number).stdout == f"sms {number} is a sender no more\n"
    assert refused(home, "numbers", "release", number) == (1, f"no number {number}")
    home.run("numbers", "remove", number)
    assert refused(home, "numbers", "take", number) == (1, f"{number} is not in the inventory")


def test_a_file_is_imported_whole_or_not_at_all(home: Server, tmp_path: Path) -> None:
    file = tmp_path / "numbers.csv"
    file.write_text(
        "address,kind,locality,latitude,capabilities\n"
        "+17875550110,mobile,Ponce,18.01,sms mms\n"
        "+17875550111,,,,\n"
    )
    assert home.run("numbers", "import", str(file)).stdout == "2 numbers, 2 of them new\n"
    found = asked(home, "numbers", "list", "--country", "PR")["items"]
    said = {item["address"]: (item["kind"], item["latitude"]) for item in found}
    assert said["+17875550110"] == ("mobile", 18.01)
    assert said["+17875550111"] == ("local", None)
    file.write_text("address\n+17875550112\n12\n")
    line = "line 3: 12 is not a number such as +14155550100"
    assert refused(home, "numbers", "import", str(file)) == (2, line)
    file.write_text("address,colour\n+17875550112,red\n")
    code, said_ = refused(home, "numbers", "import", str(file))
    assert (code, said_.partition(":")[0]) == (2, "line 2")
    assert "there is no column colour" in said_
    file.write_text("address\n")
    assert refused(home, "numbers", "import", str(file)) == (2, "the file has no numbers")
    file.write_bytes(b"address\n\xff\n")
    assert refused(home, "numbers", "import", str(file))[0] == 2
    assert "+17875550112" not in str(asked(home, "numbers", "list", "--country", "PR"))


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("add", "12"), (2, "12 is not a number such as +14155550100")),
        (("add", "+17875550120", "--country", "USA"), (2, "USA is not a country of two letters")),
        (
            ("add", "+17875550120", "--capabilities", "sms,smell"),
            (2, "smell is not one of voice, sms, mms, fax"),
        ),
        (
            ("add", "+17875550120", "--latitude", "91"),
            (2, "91 is not a latitude in degrees"),
        ),
        (("add", "+17875550120", "--connection", "nope"), (1, "no connection nope")),
        (("remove", "+17875550120"), (1, "+17875550120 is not in the inventory")),
        (("take", "+17875550120"), (1, "+17875550120 is not in the inventory")),
    ],
)
def test_numbers_say_in_one_line_what_they_do_not_take(
    home: Server, command: tuple[str, ...], told: tuple[int, str]
) -> None:
    assert refused(home, "numbers", *command) == told


def test_an_account_has_a_kind_and_a_balance(home: Server) -> None:
    sid = asked(home, "accounts", "create", "Try", "--kind", "trial")["sid"]

    def item() -> dict[str, str]:
        (found,) = (i for i in asked(home, "accounts")["items"] if i["sid"] == sid)
        return dict(found)

    assert (item()["kind"], item()["balance"]) == ("trial", "0.00")
    assert home.run("accounts", "balance", sid).stdout == "0.00 USD\n"
    assert home.run("accounts", "balance", sid, "20.50").stdout == "20.50 USD\n"
    done = forked.run(home.env, ("accounts", "set", sid, "--kind", "test"))
    assert done.stdout == f"{sid} is a test account\n"
    assert (item()["kind"], item()["balance"]) == ("test", "20.50")
    assert refused(home, "accounts", "balance", sid, "much") == (
        2, "much is not an amount such as 20.00",
    )  # fmt: skip
    assert refused(home, "accounts", "set", sid)[0] == 2
    assert refused(home, "accounts", "set", "AC00", "--kind", "full") == (1, "no account AC00")
    assert refused(home, "accounts", "balance", "AC00", "1") == (1, "no account AC00")


def test_recipients_are_verified_by_command(home: Server) -> None:
    sid = asked(home, "accounts", "create", "Try", "--kind", "trial")["sid"]
    number = "+14155550177"
    done = home.run("accounts", "verify", sid, number, "--title", "Mine")
    assert done.stdout == f"{number} is verified for {sid}\n"
    (found,) = asked(home, "accounts", "verified", sid)["items"]
    assert (found["address"], found["title"]) == (number, "Mine")
    again = refused(home, "accounts", "verify", sid, number)
    assert again == (1, f"{number} is verified already")
    assert refused(home, "accounts", "verify", sid, "me") == (2, "me is not a number")
    assert refused(home, "accounts", "verify", "AC00", number) == (1, "no account AC00")
    home.run("accounts", "unverify", sid, number)
    assert refused(home, "accounts", "unverify", sid, number) == (
        1, f"{number} is not verified for {sid}",
    )  # fmt: skip
    assert asked(home, "accounts", "verified", sid)["items"] == []
