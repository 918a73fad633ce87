"""A row of a page's table: which method and path one of its functions answers, and who may ask."""

from msgspec import Struct

from estafette.model.session import Role


class Row(Struct, frozen=True, kw_only=True):
    """`name` is the function of the page; `path` begins after `/console`, `{name}` fills a hole."""

    method: str
    path: str
    name: str
    needs: Role = Role.VIEWER  #: what who asks must be at least
    is_open: bool = False  #: whether nobody need be signed in
    largest: int = 1 << 20  #: bytes of a body at most


def get(path: str, name: str, needs: Role = Role.VIEWER) -> Row:
    """A page that is looked at."""
    return Row(method="GET", path=path, name=name, needs=needs)


def post(path: str, name: str, needs: Role = Role.AGENT, *, largest: int = 1 << 20) -> Row:
    """Something that is done."""
    return Row(method="POST", path=path, name=name, needs=needs, largest=largest)
