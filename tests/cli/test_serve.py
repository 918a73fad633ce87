"""`serve` and `carry`: they start, stop in time with all that they took, and say why they cannot."""

import base64
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from tests.cli.conftest import asked, refused
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, RECIPIENT, Server, free_port
from tests.patience import PATIENCE

STOPS_WITHIN = 10  # seconds: what an orchestrator gives


def status(server: Server, id: str) -> str:
    """The status of a message, asked over HTTP while the server runs."""
    shown = base64.b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()
    url = server.messages.replace(".json", f"/SM{id}.json")
    request = urllib.request.Request(url, headers={"Authorization": f"Basic {shown}"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return str(json.load(answer)["status"])


def stopped(server: Server) -> tuple[int, float]:
    """The exit code after SIGTERM, and how long it took."""
    began = time.monotonic()
    return server.stop(), time.monotonic() - began


def test_an_idle_server_stops_with_exit_code_0(own_server: Server) -> None:
    own_server.start_anew()
    assert f"Estafette listens on {own_server.url}" in own_server.log
    code, seconds = stopped(own_server)
    assert (code, seconds < STOPS_WITHIN) == (0, True)
    assert "Traceback" not in own_server.log


def test_a_server_that_stops_writes_down_the_answer_under_way(own_server: Server) -> None:
    own_server.delay = 60
    own_server.start()
    id = asked(own_server, "send", "--to", "+15005520102", "--body", "slow")["id"]
    while (now := status(own_server, id)) == "queued":
        time.sleep(0.05)
    assert now == "sending"
    code, seconds = stopped(own_server)
    assert (code, seconds < STOPS_WITHIN) == (0, True)
    assert asked(own_server, "messages", "show", id)["status"] == "sent"


def test_a_client_that_never_ends_its_request_does_not_keep_a_server(own_server: Server) -> None:
    own_server.start()
    with socket.create_connection(("127.0.0.1", own_server.port)) as idle:
        idle.sendall(b"POST /2010-04-01/Accounts HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
        time.sleep(0.2)
        code, seconds = stopped(own_server)
    assert (code, seconds < STOPS_WITHIN) == (0, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_its_processes_stops_a_server_in_order(
    own_server: Server, number: signal.Signals
) -> None:
    own_server.start()
    assert own_server.process is not None
    os.killpg(own_server.process.pid, number)  # as Ctrl-C in a terminal does
    assert own_server.process.wait(STOPS_WITHIN) == 0
    assert "died" not in own_server.log
    assert "Traceback" not in own_server.log


def test_a_port_that_is_taken_is_named(own_server: Server, server: Server) -> None:
    code, line = refused(own_server, "serve", "--port", str(server.port))
    assert code == 3
    assert line == f"cannot listen on 127.0.0.1:{server.port}: Address already in use"
    assert not (own_server.home / "estafette.db").exists()


def test_a_home_is_its_owners_alone(own_server: Server, server: Server) -> None:
    own_server.run_anew("serve", "--port", str(server.port), check=False)
    assert stat.S_IMODE(own_server.home.stat().st_mode) == 0o700


def test_a_port_that_is_none_is_bad_input(own_server: Server) -> None:
    assert refused(own_server, "serve", "--port", "70000") == (2, "--port must be 0 to 65535")
    assert refused(own_server, "serve", "--host", "300.0.0.1")[0] == 3


def test_a_free_port_is_taken_and_named(own_server: Server) -> None:
    own_server.options = ("--port", "0")
    own_server.home.mkdir()
    with (own_server.home / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "estafette", "serve", "--port", "0"],
            env=own_server.env, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    own_server.process = process
    while "serving" not in own_server.log:
        assert process.poll() is None
    _, _, rest = own_server.log.partition("listens on ")
    url = rest.split()[0]
    with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
        assert json.load(answer) == {"status": "alive"}
    assert own_server.stop() == 0


def test_what_no_server_carries_waits_for_a_node_that_does(own_server: Server) -> None:
    own_server.options = ("--no-carry",)
    own_server.start()
    id = asked(own_server, "send", "--to", RECIPIENT, "--body", "x")["id"]
    assert status(own_server, id) == "queued"
    carrying = subprocess.Popen([sys.executable, "-m", "estafette", "carry"], env=own_server.env)
    try:
        assert own_server.run("messages", "follow", id).stdout.rstrip().endswith("delivered")
    finally:
        carrying.terminate()
        assert carrying.wait(STOPS_WITHIN) == 0


def test_a_path_that_nothing_is_served_at_is_not_found(server: Server) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{server.url}/nothing", timeout=5)
    with caught.value as answer:
        assert (answer.code, json.load(answer)) == (404, {"error": "nothing is served at /nothing"})


def test_two_servers_share_a_home(own_server: Server) -> None:
    own_server.start()
    other = Server(own_server.home, port=free_port())
    other.start()
    try:
        done = own_server.run_anew("send", "--to", RECIPIENT, "--body", "x", "--follow")
        assert done.stdout.rstrip().endswith("delivered")
    finally:
        assert other.stop() == 0
        assert own_server.stop() == 0
