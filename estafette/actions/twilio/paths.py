"""Where the connector's lists lie, so that whoever has a page can follow its links. Pure."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import quote, urlencode, urlsplit

from msgspec import UNSET, Meta, UnsetType

from estafette.actions.twilio.models import said

PREFIX = "/connectors/twilio"  #: of every path of the connector
MOST = 1000  #: items of a page

_ADVANCED = {"x_ms_visibility": "advanced", "format": "int32"}

PageSize = Annotated[
    int, Meta(ge=1), said("Page Size", "How many a page has; 1000 at the most.", **_ADVANCED)
]
PageNumber = Annotated[
    int, Meta(ge=0, le=2**31 - 1), said("Page", "Number of the page, from 0.", **_ADVANCED)
]


def base(public_url: str) -> str:
    """What paths begin with at the address under which others reach us."""
    return urlsplit(public_url).path.rstrip("/") + PREFIX


class Links:
    """The links of one list, which repeat its filters."""

    def __init__(
        self, path: str, filters: Sequence[tuple[str, str]], page: int, size: int, total: int
    ) -> None:
        """`total` is how many items there are on all pages."""
        self._path = path
        self._filters = [(name, value) for name, value in filters if value]
        self._page = page
        self._size = size
        self.num_pages = max(1, -(-total // size))

    def _of(self, page: int) -> str:
        said = [*self._filters, ("PageSize", str(self._size)), ("Page", str(page))]
        return f"{self._path}?{urlencode(said, quote_via=quote)}"

    @property
    def this(self) -> str:
        """The page itself."""
        return self._of(self._page)

    @property
    def first(self) -> str:
        """The first page."""
        return self._of(0)

    @property
    def following(self) -> str | UnsetType:
        """The next page, if there is one."""
        return self._of(self._page + 1) if self._page + 1 < self.num_pages else UNSET

    @property
    def before(self) -> str | UnsetType:
        """The page before, if there is one; beyond the last page, that is the last."""
        return self._of(min(self._page, self.num_pages) - 1) if self._page > 0 else UNSET
