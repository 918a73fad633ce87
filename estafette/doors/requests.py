"""The body of a request, read to its end or to the size that a door takes."""

from email.parser import BytesParser
from email.policy import HTTP

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


def read_parts(raw: bytes, content_type: str, most: int) -> list[tuple[str, bytes]]:
    """The fields of a multipart form (RFC 7578), at most so many; a file counts as what is in it.

    Raises ValueError or LookupError for what is none.
    """
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    whole = BytesParser(policy=HTTP).parsebytes(head + raw)
    if not whole.is_multipart():
        raise ValueError
    found: list[tuple[str, bytes]] = []
    for part in whole.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not (isinstance(name, str) and isinstance(content, bytes)) or len(found) >= most:
            raise ValueError
        found.append((name, content))
    return found
