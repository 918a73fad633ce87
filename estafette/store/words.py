"""Words of others, as the tables keep them."""


def plain(words: str) -> str:
    """What somebody said, without what no database keeps: U+0000, and half of a pair."""
    return words.replace("\0", "").encode(errors="replace").decode()
