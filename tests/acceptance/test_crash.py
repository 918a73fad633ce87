"""Two rounds of `make crash`, on both engines; a build runs more."""

from pathlib import Path

import pytest

from tests.acceptance.crash import crash
from tests.conftest import Server

pytestmark = pytest.mark.slow


@pytest.mark.slow
def test_what_was_accepted_survives_kill_9_and_is_offered_once(url: str, tmp_path: Path) -> None:
    server = Server(tmp_path / "home", database_url=url)
    try:
        verdict = crash(server, 2, seed=1)
        assert verdict.accepted > 0
        assert verdict.is_good, str(verdict)
    finally:
        server.close()
