"""Settings: each variable, its file, and what is said of one that cannot be used."""

from pathlib import Path

import pytest

from estafette.settings import DOCS, BadSetting, Settings, read

SID = "AC" + "0a" * 16
KEY = "0b" * 32

#: Variable: its field, what it is set to, what is read.
VARIABLES: dict[str, tuple[str, str, object]] = {
    "ESTAFETTE_HOME": ("home", "/somewhere/else", Path("/somewhere/else")),
    "ESTAFETTE_DATABASE_URL": ("database_url", "postgresql://u:p@h/d", "postgresql://u:p@h/d"),
    "ESTAFETTE_PUBLIC_URL": ("public_url", "https://example.com/x/", "https://example.com/x"),
    "ESTAFETTE_SECRET_KEY": ("secret_key", KEY, KEY),
    "ESTAFETTE_ACCOUNT_SID": ("account_sid", SID, SID),
    "ESTAFETTE_AUTH_TOKEN": ("auth_token", "a secret token", "a secret token"),
    "ESTAFETTE_API_KEY": ("api_key", "SK1.a secret", "SK1.a secret"),
    "ESTAFETTE_SANDBOX_DELAY": ("sandbox_delay", "1.5", 1.5),
    "ESTAFETTE_ACTION_WAIT": ("action_wait", "7.5", 7.5),
    "ESTAFETTE_ALLOW_PRIVATE_ADDRESSES": ("allow_private_addresses", "False", False),
    "ESTAFETTE_MEDIA_URL": ("media_url", "s3://k:hush@host/media", "s3://k:hush@host/media"),
    "ESTAFETTE_MEDIA_NEEDS_CREDENTIALS": ("media_needs_credentials", "True", True),
    "ESTAFETTE_REPLY_ORIGINS": (
        "reply_origins",
        "https://Flows.example.com/, http://10.0.0.7:8080",
        frozenset({"https://flows.example.com:443", "http://10.0.0.7:8080"}),
    ),
    "ESTAFETTE_WINDOW_POLICY": ("window_policy", "Strict", "strict"),
    "ESTAFETTE_LOG_FORMAT": ("log_format", "JSON", "json"),
    "ESTAFETTE_LOG_LEVEL": ("log_level", "Warning", "warning"),
}

WRONG = {
    "ESTAFETTE_SECRET_KEY": ["short", KEY + "0", "0g" * 32, "'" + KEY],
    "ESTAFETTE_ACCOUNT_SID": ["AC1", "SK" + "0a" * 16, SID + "0", "AC" + "0g" * 16],
    "ESTAFETTE_SANDBOX_DELAY": ["soon", "-1", "86401", "nan", "inf", "1,5"],
    "ESTAFETTE_ACTION_WAIT": ["soon", "0", "0.9", "26", "nan", "inf"],
    "ESTAFETTE_ALLOW_PRIVATE_ADDRESSES": ["yes", "1", "10.0.0.0/8"],
    "ESTAFETTE_MEDIA_URL": [
        "here",
        "https://k:hush@host/b",
        "s3://hush/b",
        "s3://k:hush@host/b?c=d",
    ],
    "ESTAFETTE_MEDIA_NEEDS_CREDENTIALS": ["yes"],
    "ESTAFETTE_REPLY_ORIGINS": [
        "*",
        "nowhere.example",
        "ftp://h",
        "https://h/path",
        "https://u:p@h",
    ],
    "ESTAFETTE_WINDOW_POLICY": ["none", "true", "known,strict"],
    "ESTAFETTE_LOG_FORMAT": ["xml"],
    "ESTAFETTE_LOG_LEVEL": ["loud", "critical"],
}


def test_every_setting_is_documented_and_tried_here() -> None:
    assert set(DOCS) == set(VARIABLES)
    assert {field for field, _, _ in VARIABLES.values()} == set(Settings.__struct_fields__)


def test_nothing_needs_to_be_set() -> None:
    found = read({"HOME": "/home/somebody"})
    assert found.home == Path("~/.local/share/estafette").expanduser()
    assert found.database_url == f"sqlite:///{found.home}/estafette.db"
    assert (found.sandbox_delay, found.log_level) == (0.2, "info")
    for name in ("public_url", "secret_key", "account_sid", "auth_token", "api_key", "log_format"):
        assert getattr(found, name) == ""


def test_the_data_folder_follows_the_desktop_where_it_names_one() -> None:
    assert read({"XDG_DATA_HOME": "/data"}).home == Path("/data/estafette")


def test_the_database_is_in_the_home_wherever_that_is() -> None:
    assert read({"ESTAFETTE_HOME": "/h"}).database_url == "sqlite:////h/estafette.db"
    relative = read({"ESTAFETTE_HOME": "here"})
    assert relative.home == Path.cwd() / "here"
    assert read({"ESTAFETTE_HOME": "~/x"}).home == Path.home() / "x"


@pytest.mark.parametrize("name", VARIABLES)
def test_a_setting_is_read_from_its_variable(name: str) -> None:
    field, text, value = VARIABLES[name]
    assert getattr(read({name: text}), field) == value
    assert getattr(read({name: f" {text}\n"}), field) == value


@pytest.mark.parametrize("name", VARIABLES)
def test_a_setting_is_read_from_the_file_that_its_twin_names(name: str, tmp_path: Path) -> None:
    field, text, value = VARIABLES[name]
    path = tmp_path / "setting"
    path.write_text(f"{text}\n")
    assert getattr(read({f"{name}_FILE": str(path)}), field) == value
    assert getattr(read({f"{name}_FILE": str(path), name: ""}), field) == value


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_and_its_file_are_not_both_set(name: str, tmp_path: Path) -> None:
    (tmp_path / "setting").write_text(VARIABLES[name][1])
    with pytest.raises(BadSetting) as told:
        read({name: VARIABLES[name][1], f"{name}_FILE": str(tmp_path / "setting")})
    assert f"{name} or {name}_FILE" in str(told.value)


@pytest.mark.parametrize("name", VARIABLES)
def test_a_file_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / "not text").write_bytes(b"\xff\xfe")
    for path in (tmp_path / "missing", tmp_path, tmp_path / "not text"):
        with pytest.raises(BadSetting) as told:
            read({f"{name}_FILE": str(path)})
        assert f"{name}_FILE: {path}" in str(told.value)


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in WRONG.items() for text in texts]
)
def test_a_setting_that_makes_no_sense_is_refused_by_its_name_alone(name: str, text: str) -> None:
    with pytest.raises(BadSetting) as told:
        read({name: text})
    assert name in str(told.value)
    assert text not in str(told.value).replace(name, "")


@pytest.mark.parametrize("text", ["0", "86400", "1e1", ".5"])
def test_a_delay_is_any_number_of_seconds_of_a_day(text: str) -> None:
    assert read({"ESTAFETTE_SANDBOX_DELAY": text}).sandbox_delay == float(text)


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("gateway.example", False),
    ],
)
def test_private_addresses_may_be_asked_while_the_server_listens_on_loopback(
    host: str, allowed: bool
) -> None:
    name = "ESTAFETTE_ALLOW_PRIVATE_ADDRESSES"
    assert read({}).allows_private(host) is allowed
    assert read({name: "TRUE"}).allows_private(host)
    assert not read({name: "false"}).allows_private(host)


def test_the_secrets_are_not_shown() -> None:
    found = read({name: text for name, (_, text, _) in VARIABLES.items()})
    for shown in (repr(found), str(found), f"{found!r}"):
        assert "/somewhere/else" in shown
        for field in ("secret_key", "auth_token", "api_key", "database_url", "media_url"):
            assert getattr(found, field) not in shown


def test_the_environment_of_the_process_is_read_by_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ESTAFETTE_LOG_LEVEL", "error")
    monkeypatch.delenv("ESTAFETTE_LOG_LEVEL_FILE", raising=False)
    assert read().log_level == "error"
