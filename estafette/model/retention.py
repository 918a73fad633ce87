"""For how long an account keeps what it has. Pure."""

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import asdict

from estafette.model.errors import GatewayError

LONGEST = 36_500  # days: a hundred years


class Retention(Struct, frozen=True, kw_only=True):
    """Days, each None for ever: after how many what is complete is forgotten."""

    redact_after_days: int | None = None  #: what messages say, and their media
    delete_after_days: int | None = None  #: messages, with all that is known of them
    audit_after_days: int | None = None  #: what was changed by whom


class BadRetention(GatewayError):
    """So many days cannot be kept."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field  #: which of the values


def check(asked: Retention) -> None:
    """Raises BadRetention for what is no whole number of days from 1 on."""
    for name, days in asdict(asked).items():
        if days is None:
            continue
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= LONGEST:
            raise BadRetention(name, f"{name} must be a whole number from 1 to {LONGEST}")


def before(now: datetime, days: int) -> datetime:
    """What is older than this is forgotten."""
    return now - timedelta(days=days)


def shorter(asked: Retention, known: Retention) -> list[str]:
    """Which of the values would have more forgotten than is forgotten now."""
    was = asdict(known)
    return [
        name
        for name, days in asdict(asked).items()
        if days is not None and (was[name] is None or days < was[name])
    ]
