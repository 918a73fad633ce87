"""The body of a request, read to its end or to the size that a door takes."""

from starlette.requests import ClientDisconnect, Request


class TooLarge(Exception):
    """The body has more bytes than are taken."""


async def read_body(request: Request, most: int) -> bytes:
    """The body, of at most so many bytes. Raises TooLarge, and ClientDisconnect where they hung up."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        part = await request.receive()
        if part["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(part.get("body", b""))
        size += len(parts[-1])
        more = part.get("more_body", False)
        if size > most:
            raise TooLarge
    return parts[0] if len(parts) == 1 else b"".join(parts)
