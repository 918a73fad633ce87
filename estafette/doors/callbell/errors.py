"""Errors as this door answers them: a sentence, or sentences by parameter, and at times a code."""

from collections.abc import Mapping, Sequence

#: What is said of a parameter.
EMPTY = "must be present and not empty"
NO_OBJECT = "must be object"
NO_STRING = "must be string"
NOT_ACCEPTED = "must be accepted"
UNKNOWN = "is unknown"

Blamed = Mapping[str, Sequence[str]]  #: what is wrong with each parameter


class Refusal(Exception):
    """An answer that is not a success."""

    def __init__(
        self,
        status: int,
        error: str | Blamed,
        *,
        code: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(str(error))
        self.status = status
        self.headers = headers or {}
        self.blamed: Blamed = {} if isinstance(error, str) else error
        self.shape: dict[str, object] = {"error": error if isinstance(error, str) else dict(error)}
        if code:
            self.shape["code"] = code


def blame(**parameters: str) -> Refusal:
    """What is wrong with each of these parameters, a sentence each."""
    return Refusal(400, {name: [text] for name, text in parameters.items()})


def not_found() -> Refusal:
    """There is no such thing, or it is another account's."""
    return Refusal(404, "not found")


def denied(code: str, text: str) -> Refusal:
    """It was understood, and must not be as things are: `code` says why, for programs."""
    return Refusal(422, text, code=code)
