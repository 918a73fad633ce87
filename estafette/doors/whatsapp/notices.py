"""What customers' webhooks are told: one update in each, in the form that Meta has since 2026."""

from estafette.model import Callback, Message, Post


class Notices:
    """Words for callbacks."""

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url

    def post(self, callback: Callback, message: Message, secret: str) -> Post:
        """One update, signed with the token of its account, or its subscription's own secret."""
        raise NotImplementedError
