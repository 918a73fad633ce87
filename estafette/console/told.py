"""Why something could not be done, in the words of who reads it."""

from estafette.console.words import Words
from estafette.model import GatewayError


def told(error: GatewayError, words: Words) -> str:
    """An error of the core in a language."""
    return words.say(str(error))
