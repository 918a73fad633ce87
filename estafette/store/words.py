"""Words of others, as the tables keep them."""


def plain(words: str) -> str:
    """What somebody said, without what no database keeps: U+0000, and half of a pair."""
    return words.replace("\0", "").encode(errors="replace").decode()


HIGHEST = "\U0010ffff"  #: behind all that begins like what it is put behind
MOST_WORDS = 12  #: of one name
LONGEST_WORD = 40  #: characters that are kept of one


def words(*names: str) -> list[str]:
    """The words of names, each once, without regard to case: what a search goes by."""
    found = dict.fromkeys(
        word[:LONGEST_WORD] for name in names for word in plain(name).casefold().split()
    )
    return list(found)[:MOST_WORDS]
