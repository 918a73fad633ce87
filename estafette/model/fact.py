"""What a carrier says of who asks it."""

from msgspec import Struct

#: What facts are about, in the order in which people read them.
NAMES = ("name", "account", "kind", "status", "number")


class Fact(Struct, frozen=True):
    """One thing that a carrier says, in its own words; `name` is one of NAMES."""

    name: str
    text: str
