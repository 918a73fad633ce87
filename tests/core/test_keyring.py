"""The keys of an installation: those of a file follow it, and the file is never half of anything."""

import shutil
import stat
import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from estafette.core.keyring import BadKey, Keyring, read_keys

ONE, TWO = b"1" * 32, b"2" * 32


def test_keys_are_read_in_their_order_whatever_stands_between_them() -> None:
    for between in (" ", ",", "\n", " ,\n\t"):
        assert read_keys(f"{ONE.hex()}{between}{TWO.hex()}\n") == (ONE, TWO)
    assert read_keys(f"{ONE.hex()} {ONE.hex().upper()}") == (ONE,)


@pytest.mark.parametrize("text", ["", " ,", "ab", ONE.hex() + "0", f"{ONE.hex()};{TWO.hex()}"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="64 hex digits"):
        read_keys(text)


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    (key,) = Keyring.of_file(path, may_make=True).look()
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Keyring.of_file(path, may_make=True).look() == (key,)
    assert [item.name for item in tmp_path.iterdir()] == ["secret.key"]


def test_processes_that_start_together_have_one_key(tmp_path: Path) -> None:
    path, found = tmp_path / "secret.key", set[bytes]()
    begin = threading.Barrier(8)

    def start() -> None:
        begin.wait()
        found.update(Keyring.of_file(path, may_make=True).look())

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {bytes.fromhex(path.read_text())}


def test_a_key_that_may_not_be_made_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    with pytest.raises(BadKey, match="is missing"):
        Keyring.of_file(path, may_make=False)
    assert not path.exists()


@pytest.mark.parametrize("held", [b"", b"abcd\n", b"\xff\xfe", ONE.hex().encode() + b"\nabcd"])
def test_a_file_without_keys_is_named_and_left_as_it_is(tmp_path: Path, held: bytes) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(held)
    with pytest.raises(BadKey, match=f"{path} must hold keys of 64 hex digits"):
        Keyring.of_file(path, may_make=True)
    assert path.read_bytes() == held


def test_whoever_asks_has_the_keys_that_another_process_wrote(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    mine, other = (Keyring.of_file(path, may_make=True) for _ in range(2))
    (before,) = mine.look()
    with other.turn():
        other.replace([ONE, before])
    assert mine.look() == (ONE, before)
    assert path.read_text() == f"{ONE.hex()}\n{before.hex()}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_away_or_half_written_leaves_the_keys_that_were_known(
    tmp_path: Path,
) -> None:
    path = tmp_path / "secret.key"
    ring = Keyring.of_file(path, may_make=True)
    known = ring.look()
    held = path.read_text()
    with capture_logs() as logged:
        path.write_text(held[:20])
        assert ring.look() == known
        path.unlink()
        assert ring.look() == known
    assert {entry["event"] for entry in logged} == {"the secret key cannot be read again"}
    assert held[:20] not in repr(logged)
    path.write_text(f"{TWO.hex()}\n{held}")
    assert ring.look() == (TWO, *known)


def test_one_process_at_a_time_changes_the_keys(tmp_path: Path) -> None:
    mine, other = (Keyring.of_file(tmp_path / "secret.key", may_make=True) for _ in range(2))
    with mine.turn(), pytest.raises(BadKey, match="another process"), other.turn():
        pytest.fail("both have the turn")
    with other.turn():
        pass


def test_the_keys_of_the_environment_stay() -> None:
    ring = Keyring.of_text(f"{ONE.hex()},{TWO.hex()}")
    assert ring.look() == (ONE, TWO)
    with ring.turn(), pytest.raises(BadKey, match="where they are set"):
        ring.replace([TWO])


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    ring = Keyring.of_file(home / "secret.key", may_make=True)
    shutil.rmtree(home)
    with pytest.raises(BadKey, match=str(home)):
        ring.replace([ONE])
    with pytest.raises(BadKey, match=str(home)), ring.turn():
        pytest.fail("there is nothing to have a turn at")
