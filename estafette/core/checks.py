"""Rows of a batch, looked through before anything is sent."""

from collections import Counter
from collections.abc import Mapping, Sequence

from estafette.core.circular import Circular
from estafette.core.gateway import Gateway
from estafette.model import Account, Channel, Declined
from estafette.model.batch import BadRow, BatchRow, Checked, Fault, Wrong
from estafette.model.message import Message


class Checks:
    """Goes through rows in their order, and counts what it finds."""

    def __init__(
        self, gateway: Gateway, account: Account, circular: Circular, *, repeats: bool = False
    ) -> None:
        """`repeats`: whether a recipient may stand in several rows."""
        self._gateway = gateway
        self._account = account
        self._circular = circular
        self._repeats = repeats
        self._seen: set[int] = set()  # digests: a set of texts would be ten times as large
        self._wrong: Counter[str] = Counter()
        self._good = 0
        self._segments = 0

    @property
    def found(self) -> Checked:
        """What was found by now."""
        return Checked(good=self._good, segments=self._segments, wrong=dict(self._wrong))

    def look(self, rows: Sequence[BatchRow]) -> Mapping[int, Fault | None]:
        """What is wrong with rows, by their numbers, where that is something else than before."""
        changed = {}
        for row in rows:
            fault = self._fault(row)
            if fault != row.fault:
                changed[row.number] = fault
        return changed

    def _fault(self, row: BatchRow) -> Fault | None:
        try:
            message = drafted(self._gateway, self._account, self._circular, row.cells)
            self._check_new(message)
        except BadRow as error:
            self._wrong[error.fault.code] += 1
            return error.fault
        self._good += 1
        self._segments += message.segments if message.channel is Channel.SMS else 0
        return None

    def _check_new(self, message: Message) -> None:
        digest = hash((message.channel, message.recipient))
        if digest in self._seen and not self._repeats:
            raise BadRow(Wrong.DUPLICATE, message.recipient)
        self._seen.add(digest)


def drafted(
    gateway: Gateway, account: Account, circular: Circular, cells: Sequence[str]
) -> Message:
    """The message that a row would become. Raises BadRow."""
    try:
        return gateway.draft(account, circular.send(cells))
    except Declined as error:
        raise BadRow(error.reason, error.value) from None
