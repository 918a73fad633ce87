"""What is taken of media, and what they are."""

import pytest

from estafette.model import Channel, Direction
from estafette.model.media import (
    CODE,
    TYPES,
    Fault,
    ending,
    is_taken,
    is_too_much,
    largest,
    type_found,
    type_named,
)

MEGA = 1 << 20
SMS, WHATSAPP = Channel.SMS, Channel.WHATSAPP
OUT, IN = Direction.API, Direction.INBOUND


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("image/png", "image/png"),
        ("Image/PNG; name=a.png", "image/png"),
        ("text/plain;charset=utf-8", "text/plain"),
        ("image/jpg", "image/jpeg"),
        ("image/pjpeg", "image/jpeg"),
        ("audio/mp3", "audio/mpeg"),
        ("", ""),
        ("image", ""),
        ("image/", ""),
        ("/png", ""),
        ("image/png/x", ""),
        ("image/png, text/html", ""),  # a header that was there twice
        ('image/png"\r\n', ""),
        ("image/пнг", ""),
    ],
)
def test_a_type_is_what_its_header_names(header: str, named: str) -> None:
    assert type_named(header) == named


@pytest.mark.parametrize(
    "kind",
    [
        "image/jpeg", "image/heic", "audio/ogg", "video/mp4", "text/vcard", "text/x-vcard",
        "text/plain", "text/csv", "text/calendar", "application/pdf", "application/msword", *TYPES,
    ],
)  # fmt: skip
def test_pictures_sounds_films_and_documents_are_taken(kind: str) -> None:
    assert is_taken(kind)
    assert type_named(kind) == kind


@pytest.mark.parametrize(
    "kind",
    [
        "application/octet-stream", "text/html", "application/json", "application/zip",
        "application/javascript", "multipart/mixed", "images/png", "",
    ],
)  # fmt: skip
def test_what_nobody_can_show_or_what_could_run_is_not(kind: str) -> None:
    assert not is_taken(kind)


@pytest.mark.parametrize(
    ("said", "beginning", "found"),
    [
        ("image/png", b"\x89PNG\r\n\x1a\n....", "image/png"),
        ("image/png", b"\xff\xd8\xff\xe0........", "image/jpeg"),
        ("image/jpeg", b"GIF89a......", "image/gif"),
        ("image/webp", b"RIFF1234WEBP", "image/webp"),
        ("image/png", b"RIFF1234WEBP", "image/webp"),
        ("image/png", b"<html><body>", ""),
        ("image/gif", b"", ""),
        ("image/jpeg", b"\xff\xd8", ""),
        ("image/heic", b"....ftypheic", "image/heic"),
        ("image/svg+xml", b"<svg xmlns='", "image/svg+xml"),
        ("application/pdf", b"\x89PNG\r\n\x1a\n....", "application/pdf"),
    ],
)
def test_a_picture_is_what_it_begins_as(said: str, beginning: bytes, found: str) -> None:
    assert type_found(said, beginning) == found


@pytest.mark.parametrize(
    ("kind", "channel", "direction", "most"),
    [
        ("image/jpeg", SMS, OUT, 5 * MEGA),
        ("image/png", SMS, Direction.REPLY, 5 * MEGA),
        ("image/gif", SMS, OUT, 5 * MEGA),
        ("image/webp", SMS, OUT, 500 * 1024),
        ("application/pdf", SMS, OUT, 500 * 1024),
        ("application/pdf", SMS, IN, 16 * MEGA),
        ("application/pdf", WHATSAPP, OUT, 100 * MEGA),
        ("image/png", WHATSAPP, OUT, 16 * MEGA),
        ("video/mp4", WHATSAPP, IN, 16 * MEGA),
    ],
)
def test_how_large_each_may_be(
    kind: str, channel: Channel, direction: Direction, most: int
) -> None:
    assert largest(kind, channel, direction) == most


def test_an_mms_has_a_limit_for_all_together() -> None:
    assert not is_too_much([3 * MEGA, 2 * MEGA], SMS, OUT)
    assert is_too_much([3 * MEGA, 2 * MEGA, 1], SMS, OUT)
    assert not is_too_much([16 * MEGA] * 10, SMS, IN)
    assert not is_too_much([16 * MEGA] * 10, WHATSAPP, OUT)


def test_every_fault_has_a_code_on_every_channel() -> None:
    assert set(CODE) == {(channel, fault) for channel in Channel for fault in Fault}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("image/jpeg", ".jpg"), ("image/png", ".png"), ("text/x-vcard", ".vcf"),
        ("application/pdf", ".pdf"), ("image/vnd.strange+xml", ""), ("image/svg+xml", ".svg"),
    ],
)  # fmt: skip
def test_how_the_name_of_a_file_ends(kind: str, name: str) -> None:
    assert ending(kind) == name
