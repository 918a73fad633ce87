"""Which operation answers a path and a method."""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

_HOLE = re.compile(r"\\{(\w+)\\}")
_REST = re.compile(r"\\{(\w+)\\\*\\}")


class Found(NamedTuple, Generic[T]):
    """What a path stands for: the operations by method, and what stands in its holes."""

    by_method: dict[str, T]
    holes: dict[str, str]


class Paths(Generic[T]):
    """A table of methods and paths, `{name}` standing for anything without a slash, and `{name*}` for
    anything.

    Asked once per request, so it does no more than that; HEAD is answered as GET.
    """

    def __init__(self, table: Iterable[tuple[str, str, T]]) -> None:
        rows: defaultdict[str, dict[str, T]] = defaultdict(dict)
        for method, path, operation in table:
            rows[path][method] = operation
            if method == "GET":
                rows[path].setdefault("HEAD", operation)
        self._rows = [
            (re.compile(_pattern(path)).fullmatch, by_method) for path, by_method in rows.items()
        ]

    def find(self, path: str) -> Found[T] | None:
        """The first row that the path fits."""
        for fits, by_method in self._rows:
            if match := fits(path):
                return Found(by_method, match.groupdict())
        return None


def _pattern(path: str) -> str:
    return _REST.sub(r"(?P<\1>.+)", _HOLE.sub(r"(?P<\1>[^/]+)", re.escape(path)))
