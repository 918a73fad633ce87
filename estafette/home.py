"""The data folder, and the keys that lie in it."""

from pathlib import Path

from estafette.core.keyring import Keyring
from estafette.model import GatewayError
from estafette.settings import Settings


class BadHome(GatewayError):
    """The data folder cannot be used."""


def keyring(settings: Settings, *, may_make: bool) -> Keyring:
    """The keys that seal: from the environment, or from the home, where one is made once.

    Where none may be made, something was sealed already. Raises BadKey.
    """
    if settings.secret_key:
        return Keyring.of_text(settings.secret_key)
    return Keyring.of_file(settings.home / "secret.key", may_make=may_make)


def make_home(home: Path) -> None:
    """Make the folder where there is none. Raises BadHome."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadHome(f"{home}: {error.strerror}") from None
