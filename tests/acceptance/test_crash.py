"""A few rounds of `make crash`, on both engines."""

from pathlib import Path

import pytest

from tests.acceptance.crash import crash
from tests.conftest import Server

pytestmark = pytest.mark.slow


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_accepted_survives_kill_9_and_is_offered_once(
    url: str, tmp_path: Path, seed: int
) -> None:
    server = Server(tmp_path / "home", database_url=url)
    try:
        verdict = crash(server, 3, seed=seed)
        assert verdict.accepted > 0
        assert verdict.is_good, str(verdict)
    finally:
        server.close()
