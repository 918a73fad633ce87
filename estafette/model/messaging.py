"""The panel *Instant messaging*: the Twilio account that an account's messages go through."""

from msgspec import Struct


class Messaging(Struct, frozen=True, kw_only=True):
    """What an account has set there; empty text for what is not configured."""

    base_url: str = ""  #: of the API; empty: Twilio's own
    account_sid: str = ""
    auth_token: str = ""
    sender: str = ""  #: `from` on the wire

    def __repr__(self) -> str:
        """Without the token, for logs and tracebacks."""
        token = "…" if self.auth_token else ""
        return f"Messaging({self.base_url!r}, {self.account_sid!r}, {token!r}, {self.sender!r})"
