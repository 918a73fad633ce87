"""What people write to our senders."""

from estafette.model import Incoming, Message, Unknown


class Inbound:
    """Takes in what people write."""

    async def receive(self, connection: str, incoming: Incoming) -> Message:
        """Write down what somebody wrote. Raises Unknown where no sender has the address."""
        raise Unknown(f"{connection}: no sender {incoming.recipient}")
