"""XML both ways: what goes out comes back, and no document costs more than it weighs."""

import re
from contextlib import suppress
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.doors import xmls
from estafette.doors.xmls import BadXml, members, name_of, parse, write

#: What XML has a character for, but the return that a parser makes a line feed of.
TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\n\r", exclude_characters="\ufffe\uffff")
)  # fmt: skip
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda n: n != "_")
ITEMS = {"list": "one", "lists": "list"}
SCALARS = TEXT
LISTS = st.lists(SCALARS)
OBJECTS = st.recursive(
    st.dictionaries(NAMES.filter(lambda name: name not in ITEMS), SCALARS, min_size=1, max_size=4),
    lambda inner: st.fixed_dictionaries(
        {"a": inner}, optional={"list": LISTS, "b c": SCALARS, "lists": st.lists(LISTS, max_size=3)}
    ),
    max_leaves=8,
)


def back(data: bytes, items: dict[str, str] | None = None) -> Any:
    return members(parse(data), items)


@given(NAMES, OBJECTS)
def test_what_goes_out_comes_back(root: str, value: dict[str, Any]) -> None:
    data = write(root, value, ITEMS)
    element = parse(data)
    assert name_of(element) == root
    assert members(element, ITEMS) == value


@given(st.dictionaries(st.text(min_size=1), st.text(), min_size=1))
def test_what_goes_out_is_always_xml(value: dict[str, str]) -> None:
    """Also where it holds what XML cannot: that is replaced."""
    data = write("root", value)
    assert len(list(ElementTree.fromstring(data))) == len(value)
    assert not re.search("[\0-\x08\x0b\x0c\x0e-\x1f]", data.decode())


@given(st.binary())
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(BadXml):
        parse(data)


@given(st.text(alphabet="<>/ab='\"!-[]?& \n"))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(BadXml):
        members(parse(f"<a>{text}</a>".encode()))


def test_values_are_written_as_their_words() -> None:
    value = {"yes": True, "no": False, "n": 1.5, "none": None, "empty": "", "of": {}, "list": []}
    assert write("r", value) == (
        b"<?xml version='1.0' encoding='UTF-8'?>\n"
        b"<r><yes>true</yes><no>false</no><n>1.5</n><empty/><of/><list/></r>"
    )
    assert b"<none/>" in write("r", value, has_nulls=True)


def test_a_list_has_a_wrapper_and_its_items_a_name() -> None:
    data = write("r", {"media_url": ["a", "b"], "other": ["c"]}, {"media_url": "url"})
    assert data.endswith(
        b"<r><media_url><url>a</url><url>b</url></media_url><other><item>c</item></other></r>"
    )


@pytest.mark.parametrize(
    ("inner", "found"),
    [
        ("<urls><url>a</url><url>b</url></urls>", ["a", "b"]),
        ("<urls><url>a</url></urls>", ["a"]),
        ("<urls>a</urls><urls>b</urls>", ["a", "b"]),
        ("<urls>a</urls>", ["a"]),
        ("<urls/>", []),
        ("<urls> </urls>", []),
        ("<urls><url/></urls>", [""]),
        ("<urls><url><x>1</x></url></urls>", [{"x": "1"}]),
        ("<urls><x>1</x></urls><urls><x>2</x></urls>", [{"x": "1"}, {"x": "2"}]),
    ],
)
def test_a_list_may_have_its_wrapper_or_not(inner: str, found: list[Any]) -> None:
    assert back(f"<r>{inner}</r>".encode(), {"urls": "url"}) == {"urls": found}


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ("<r/>", {}),
        ("<r> \n </r>", {}),
        ("<r><a/></r>", {"a": ""}),
        ("<r><a></a></r>", {"a": ""}),
        ("<r><a>  b </a></r>", {"a": "  b "}),
        ("<r><a><![CDATA[<b>]]></a></r>", {"a": "<b>"}),
        ("<r><a>x<!-- y -->z<?w v?></a></r>", {"a": "xz"}),
        ("<r>\n <a><b>1</b></a>\n</r>", {"a": {"b": "1"}}),
        ("<r><a>&lt;&amp;&#233;&#xe9;</a></r>", {"a": "<&éé"}),
        ("<n:r xmlns:n='urn:x'><n:a>1</n:a></n:r>", {"a": "1"}),
        ("<r xmlns='urn:x'><a>1</a></r>", {"a": "1"}),
        ("<r><a_x0020_b>1</a_x0020_b><_x0031_>2</_x0031_></r>", {"a b": "1", "1": "2"}),
        ("<r><_xD800_>1</_xD800_></r>", {"_xD800_": "1"}),
        (
            "<r xmlns:i='http://www.w3.org/2001/XMLSchema-instance'><a i:nil='true'/><b i:type='x'>1</b></r>",
            {"a": None, "b": "1"},
        ),
    ],
)  # fmt: skip
def test_an_object_is_read(document: str, found: dict[str, Any]) -> None:
    assert back(document.encode()) == found


@pytest.mark.parametrize(
    "document",
    [
        "<r><a>1</a><a>2</a></r>",
        "<r><x><a>1</a><a>2</a></x></r>",
        "<r>text</r>",
        "<r><x>text<a>1</a></x></r>",
        "<r><a>1</a>text</r>",
        "<r a='1'/>",
        "<r><x a='1'>2</x></r>",
        "<r><l a='1'><i>2</i></l></r>",
    ],
)
def test_what_would_be_lost_is_refused(document: str) -> None:
    with pytest.raises(BadXml):
        back(document.encode(), {"l": "i"})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("declared", ["", "UTF-8", "utf-16"])
def test_utf_8_and_utf_16_are_read(encoding: str, declared: str) -> None:
    """What is declared may be of the text before somebody encoded it anew."""
    head = f"<?xml version='1.0' encoding='{declared}'?>" if declared else ""
    assert back(f"{head}<r><a>é😀</a></r>".encode(encoding)) == {"a": "é😀"}


@pytest.mark.parametrize(
    "data",
    [
        "<?xml version='1.0' encoding='iso-8859-1'?><r/>".encode("latin-1"),
        b"<?xml version='1.0' encoding='utf-7'?><r/>",
        "<r>é</r>".encode("latin-1"),
        b"<r>\xed\xa0\x80</r>",
        b"\xff\xfe<\0r\0/\0>\0\0\xd8",
        "<r/>".encode("utf-32"),
        "<r/>".encode("cp037"),
    ],
)
def test_other_encodings_are_refused(data: bytes) -> None:
    with pytest.raises(BadXml):
        parse(data)


@pytest.mark.parametrize("text", ["\0", "\x01", "\x0b", "\x1f", "\ufffe", "\uffff", "&#0;", "&#1;"])
def test_what_xml_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(BadXml):
        parse(f"<r>{text}</r>".encode())


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "document",
    [
        "<!DOCTYPE r><r/>",
        "<!DOCTYPE r SYSTEM 'http://127.0.0.1/x.dtd'><r/>",
        f'<!DOCTYPE r [<!ENTITY l0 "ha">{LAUGHS}]><r>&l9;</r>',
        f'<!DOCTYPE r [<!ENTITY a "{"a" * 50_000}">]><r>{"&a;" * 5000}</r>',
        '<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]><r>&f;</r>',
        '<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1/p">%p;]><r/>',
        '<!DOCTYPE r [<!ATTLIST r a CDATA "b">]><r/>',
        "<r>&undeclared;</r>",
    ],
)
def test_documents_that_grow_or_look_elsewhere_are_refused(document: str) -> None:
    for encoding in ("utf-8", "utf-16"):
        with pytest.raises(BadXml):
            parse(document.encode(encoding))


def test_depth_is_limited() -> None:
    def nested(depth: int) -> bytes:
        return b"<a>" * depth + b"</a>" * depth

    assert back(nested(xmls.DEEPEST))
    for depth in (xmls.DEEPEST + 1, 100_000):
        with pytest.raises(BadXml, match="within each other"):
            parse(nested(depth))


def test_size_is_limited() -> None:
    room = xmls.LARGEST - len(b"<r></r>")
    parse(b"<r>" + b"x" * room + b"</r>")
    with pytest.raises(BadXml, match="at most"):
        parse(b"<r>" + b"x" * (room + 1) + b"</r>")


@pytest.mark.parametrize(
    "data",
    [
        b"<r " + b"".join(b"a%d='' " % n for n in range(100_000)) + b"/>",
        b"<r>" + b"<a/>" * 200_000 + b"</r>",
        b"<r>" + b"<" * 1_000_000,
        b"<r><!--" + b"-" * 1_000_000,
        b"<r " + b"a" * 1_000_000,
        b"<r>" + b"&amp;" * 200_000 + b"</r>",
    ],
)
def test_a_document_that_is_dense_is_read_or_refused_at_once(data: bytes) -> None:
    """The time limit of a test is what measures."""
    with suppress(BadXml):
        members(parse(data))
