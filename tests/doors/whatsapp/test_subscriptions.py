"""Webhook configuration at its three levels: a real pywa app that registers itself, and the wire."""

import contextlib
import hashlib
import hmac
import itertools
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import uvicorn
from pywa import WhatsApp
from pywa.errors import WhatsAppError
from pywa.utils import CallbackURLScope
from starlette.applications import Starlette

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, free_port
from tests.doors.own.conftest import Own
from tests.doors.whatsapp.conftest import PHONE, SENDER, WABA, Api, pywa_of
from tests.patience import PATIENCE
from tests.receiver import Heard, Receiver, Said, receiving

VERIFY = "verify-me-7f3a"
APP = "555000111"


def challenged(heard: Heard) -> int | Said:
    """As an address answers that knows the token, and hears what it is told."""
    if heard.method != "GET":
        return 200
    hub = {name: values[0] for name, values in parse_qs(urlsplit(heard.path).query).items()}
    if hub.get("hub.mode") != "subscribe" or hub.get("hub.verify_token") != VERIFY:
        return 403
    return Said(hub["hub.challenge"], "text/plain")


@pytest.fixture
def address() -> Iterator[Receiver]:
    with receiving() as found:
        found.answers = challenged
        yield found


@pytest.fixture(autouse=True)
def nobody_is_told_before(api: Api) -> None:
    """Each test begins without addresses."""
    api.post(f"/{PHONE}", {"webhook_configuration": {"override_callback_uri": ""}})
    api.delete(f"/{WABA}/subscribed_apps")
    api.delete(f"/{APP}/subscriptions")


def configured(api: Api) -> Any:
    """What counts for the number, by level."""
    return api.get(f"/{PHONE}", fields="webhook_configuration").get("webhook_configuration")


def put(api: Api, level: str, url: str, token: Any = VERIFY) -> Any:
    """Have an address told, at one of the levels."""
    override = {"override_callback_uri": url, "verify_token": token}
    if level == "phone":
        return api.post(f"/{PHONE}", {"webhook_configuration": override})
    if level == "waba":
        return api.post(f"/{WABA}/subscribed_apps", override)
    query = {
        "object": "whatsapp_business_account", "callback_url": url, "verify_token": token,
        "fields": "messages,account_update",
    }  # fmt: skip
    return api.post(f"/{APP}/subscriptions?{urlencode(query)}")


LEVELS = {
    "phone": "phone_number",
    "waba": "whatsapp_business_account",
    "app": "application",
}


@contextlib.contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """The app on a port of this machine."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def until(look: Any) -> Any:
    """What is found, once anything is."""
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


@pytest.mark.parametrize("scope", list(CallbackURLScope))
def test_a_pywa_app_registers_itself(
    api: Api, own: Own, token: str, scope: CallbackURLScope, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    app = Starlette()
    with serving(app) as url:
        client = pywa_of(
            api.server, token, server=app, callback_url=url, callback_url_scope=scope,
            verify_token=VERIFY, app_id=int(WABA), app_secret=AUTH_TOKEN, waba_id=WABA,
            webhook_challenge_delay=0.0, webhook_endpoint="/hook",
        )  # fmt: skip
        heard: list[str] = []
        client.on_message()(lambda _, message: heard.append(message.text))
        found = until(lambda: configured(api))
        assert list(found.values()) == [f"{url}/hook"]
        own.write("+14155550161", "Hello there", SENDER, channel="whatsapp")
        assert until(lambda: heard) == ["Hello there"]
        client.api._session.close()
    assert VERIFY not in api.server.log
    assert AUTH_TOKEN not in api.server.log


def test_the_narrowest_level_is_told(api: Api, own: Own, address: Receiver) -> None:
    for level in LEVELS:
        assert put(api, level, f"{address.url}/{level}").json == {"success": True}
    assert configured(api) == {LEVELS[level]: f"{address.url}/{level}" for level in LEVELS}
    address.heard.clear()
    for level in LEVELS:
        own.write("+14155550162", f"to {level}", SENDER, channel="whatsapp")
        (heard,) = address.wait(1)
        assert (heard.method, urlsplit(heard.path).path) == ("POST", f"/{level}")
        assert f"to {level}".encode() in heard.body
        address.heard.clear()
        if level == "phone":
            client = pywa_of(api.server, api.token, waba_id=WABA)
            assert client.delete_phone_callback_url()
            client.api._session.close()
        elif level == "waba":
            assert api.post(f"/{WABA}/subscribed_apps").json == {"success": True}
    assert list(configured(api)) == ["application"]


@pytest.mark.parametrize("level", LEVELS)
def test_an_address_that_fails_its_challenge_changes_nothing(
    api: Api, address: Receiver, level: str
) -> None:
    good = f"{address.url}/good?x=1"
    assert put(api, level, good).status == 200
    for behaviour in (403, 302, Said("7", "text/plain"), Said("x" * 9000, "text/plain"), None):
        address.answers = lambda _heard, said=behaviour: said
        answer = put(api, level, f"{address.url}/bad")
        assert answer.refusal == (400, 2200)
        assert VERIFY not in answer.body.decode()
    assert put(api, level, "http://127.0.0.1:1/").refusal == (400, 2200)
    assert configured(api) == {LEVELS[level]: good}


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_no_address_is_refused(api: Api, address: Receiver, level: str) -> None:
    for url in ("ftp://example.com", "nowhere", "http://", "http://a b", f"http://{'a' * 3000}"):
        assert put(api, level, url).refusal in ((400, 131009), (400, 2200)), url
    assert put(api, level, address.url, "").refusal == (400, 131008)
    assert configured(api) is None
    assert not address.heard


def test_an_override_has_at_most_200_characters(api: Api, address: Receiver) -> None:
    long = f"{address.url}/{'x' * 200}"
    assert put(api, "phone", long).refusal == put(api, "waba", long).refusal == (400, 131009)
    assert put(api, "app", long).status == 200


def test_the_apps_of_a_business_account(pywa_client: WhatsApp, api: Api, address: Receiver) -> None:
    (app,) = api.get(f"/{WABA}/subscribed_apps")["data"]
    assert set(app) == {"whatsapp_business_api_data"}
    assert pywa_client.override_waba_callback_url(address.url, VERIFY, waba_id=WABA)
    (app,) = pywa_client.api.get_waba_subscribed_apps(WABA)["data"]
    assert app["override_callback_uri"] == address.url
    assert pywa_client.delete_waba_callback_url(waba_id=WABA)
    assert "override_callback_uri" not in api.get(f"/{WABA}/subscribed_apps")["data"][0]
    answer = api.post("/1020/subscribed_apps", {})
    assert (answer.refusal, answer.error["error_subcode"]) == ((400, 100), 33)


def test_an_app_is_told_what_it_names(api: Api, own: Own, address: Receiver) -> None:
    assert api.get(f"/{APP}/subscriptions") == {"data": []}
    put(api, "app", address.url)
    (found,) = api.get(f"/{APP}/subscriptions")["data"]
    fields = [{"name": name, "version": "v23.0"} for name in ("messages", "account_update")]
    assert found == {
        "object": "whatsapp_business_account", "callback_url": address.url, "active": True,
        "fields": fields,
    }  # fmt: skip
    assert api.delete(f"/{APP}/subscriptions?fields=messages").json == {"success": True}
    assert api.get(f"/{APP}/subscriptions")["data"][0]["fields"] == fields[1:]
    (webhook,) = own.all_of("/webhooks")
    assert (webhook["format"], webhook["events"]) == ("whatsapp", [])
    assert VERIFY not in str(webhook)
    address.heard.clear()
    own.write("+14155550163", "Not for you", SENDER, channel="whatsapp")
    assert put(api, "app", address.url).status == 200
    own.write("+14155550163", "For you", SENDER, channel="whatsapp")
    told = list(until(lambda: posts(address)))
    assert b"Not for you" not in b"".join(item.body for item in told)
    assert api.delete(f"/{APP}/subscriptions").json == {"success": True}
    assert api.get(f"/{APP}/subscriptions") == {"data": []}


def posts(address: Receiver) -> list[Heard]:
    return [item for item in address.heard if item.method == "POST"]


def test_an_app_asks_by_query_form_or_json(api: Api, address: Receiver) -> None:
    body = {
        "object": "whatsapp_business_account", "callback_url": address.url, "verify_token": VERIFY,
        "fields": "messages",
    }  # fmt: skip
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    path = f"/v23.0/{APP}/subscriptions"
    assert api.call("POST", path, urlencode(body).encode(), form).status == 200
    assert api.call("POST", path, {**body, "fields": ["messages"]}).status == 200
    assert api.call("POST", path, {**body, "object": "page"}).refusal == (400, 100)
    del body["object"]
    assert api.call("POST", path, body).refusal == (400, 100)


def test_an_app_has_a_token(api: Api, token: str, other: Api, other_own: Own) -> None:
    def ask(id: str, secret: str, **more: str) -> Any:
        query = {"client_id": id, "client_secret": secret, "grant_type": "client_credentials"}
        path = f"/v23.0/oauth/access_token?{urlencode({**query, **more})}"
        return api.call("GET", path, headers={"Authorization": ""})

    whole, (_, bare) = token, token.split(".", 1)
    for id, secret in itertools.product((ACCOUNT_SID, WABA, APP), (AUTH_TOKEN, whole, bare)):
        made = ask(id, secret).json
        assert made == {"access_token": f"{id}|{secret}", "token_type": "bearer"}
        shown = {"Authorization": f"Bearer {made['access_token']}"}
        assert api.call("GET", f"/v23.0/{PHONE}", headers=shown).status == 200
    asked = urlencode({"access_token": f"{APP}|{AUTH_TOKEN}"})
    assert api.call("GET", f"/v23.0/{PHONE}?{asked}", headers={"Authorization": ""}).status == 200
    theirs = other.get(f"/{other.phone}", fields="health_status")["health_status"]["entities"][1]
    assert ask(theirs["id"], other.token).status == 200
    for id, secret in (
        (APP, "wrong"), (theirs["id"], AUTH_TOKEN), (WABA, other.token), ("AC" + "0" * 32, "x"),
        ("x", AUTH_TOKEN), (APP, "|"),
    ):  # fmt: skip
        assert ask(id, secret).refusal == (400, 1)
        shown = {"Authorization": f"Bearer {id}|{secret}"}
        assert api.call("GET", f"/v23.0/{PHONE}", headers=shown).refusal == (401, 190)
    assert ask("", AUTH_TOKEN).refusal == (400, 101)
    assert ask(APP, "").refusal == (400, 1)
    assert ask(APP, AUTH_TOKEN, code="AQB").refusal == (400, 100)
    assert ask(APP, AUTH_TOKEN, grant_type="password").refusal == (400, 100)
    assert bare not in api.server.log


def test_a_key_as_app_secret_signs(api: Api, own: Own, token: str, address: Receiver) -> None:
    """What an app was registered with is what it checks signatures with."""
    secret = token.split(".", 1)[1]
    query = {
        "object": "whatsapp_business_account", "callback_url": address.url, "verify_token": VERIFY,
        "fields": "messages", "access_token": f"{APP}|{secret}",
    }  # fmt: skip
    path = f"/v23.0/{APP}/subscriptions?{urlencode(query)}"
    assert api.call("POST", path, headers={"Authorization": ""}).status == 200
    own.write("+14155550164", "Signed", SENDER, channel="whatsapp")
    heard = until(lambda: posts(address))[0]
    expected = hmac.new(secret.encode(), heard.body, hashlib.sha256).hexdigest()
    assert heard.headers["x-hub-signature-256"] == f"sha256={expected}"


def test_another_account_cannot(api: Api, other: Api, address: Receiver) -> None:
    override = {"override_callback_uri": address.url, "verify_token": VERIFY}
    body = {"webhook_configuration": override}
    assert other.post(f"/{PHONE}", body).refusal == (400, 100)
    assert other.post(f"/{WABA}/subscribed_apps", override).refusal == (400, 100)
    assert not address.heard


STRANGE = [None, 0, True, [], {}, [None], {"a": 1}, "\0", "\ud800", "x" * 9000, 10**60]


def test_no_value_breaks_anything(api: Api) -> None:
    names = ("override_callback_uri", "verify_token", "object", "callback_url", "fields")
    usual = {
        "override_callback_uri": "http://127.0.0.1:1/", "verify_token": VERIFY,
        "object": "whatsapp_business_account", "callback_url": "http://127.0.0.1:1/",
    }  # fmt: skip
    for name, value in itertools.product(names, STRANGE):
        body = {**usual, name: value}
        for path, asked in (
            (f"/{PHONE}", {"webhook_configuration": body}),
            (f"/{WABA}/subscribed_apps", body),
            (f"/{APP}/subscriptions", body),
            ("/oauth/access_token", {"client_id": value, "client_secret": value}),
        ):
            assert api.post(path, asked).status < 500, (path, name, value)
    assert api.post(f"/{PHONE}", {"webhook_configuration": "x"}).refusal == (400, 131009)


def test_pywa_is_told_why(pywa_client: WhatsApp) -> None:
    with pytest.raises(WhatsAppError) as refused:
        pywa_client.override_phone_callback_url("http://127.0.0.1:1/", "token-that-hides")
    assert refused.value.code == 2200
    assert "token-that-hides" not in str(refused.value)
