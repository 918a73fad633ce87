"""Files as spreadsheets write them."""

import io

import pytest

from estafette.core.sheets import guarded, line, read
from estafette.model.batch import BadSheet, Role, folded, named, roles

ROWS = [["+14155550100", "Zoë, the 1st"], ["+14155550101", "line\r\nbreak"]]
PLAIN = 'Téléphone,name\r\n+14155550100,"Zoë, the 1st"\r\n\r\n+14155550101,"line\r\nbreak"\r\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_file_is_read_however_it_is_written(encoding: str, mark: str) -> None:
    text = PLAIN.replace("e,n", f"e{mark}n").replace("0,", f"0{mark}").replace("1,", f"1{mark}")
    sheet = read(io.BytesIO(text.encode(encoding)))
    assert sheet.header == ("Téléphone", "name")
    assert list(sheet.rows) == ROWS


def test_old_ends_of_lines_and_the_first_line_of_excel_are_known() -> None:
    assert list(read(io.BytesIO(b"sep=;\r\nto;name\r+14155550100;x\r")).rows) == [
        ["+14155550100", "x"]
    ]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "the file is empty"),
        (b"\n\n \n", "the file is empty"),
        (b"+14155550100,Zoe\n", "must name the columns"),
        (b"to,name\n" + b'"' + b"x" * 200_000, "line"),
        ("to\n".encode("utf-16") + b"\x00\xd8\x00", "not text"),
        (b"a," * 200, "100 columns"),
        (b"to\n" + b"1\n" * 100_001, "100000 rows"),
    ],
)
def test_what_cannot_be_read_is_told(raw: bytes, said: str) -> None:
    with pytest.raises(BadSheet, match=said):
        list(read(io.BytesIO(raw)).rows)


def test_columns_have_names_of_their_own_and_roles_by_them() -> None:
    header = named(["Téléphone", "", "Name", "name", "Envoyer à", "Pièce jointe", "{x}"])
    assert header == (
        "Téléphone", "column 2", "Name", "name (4)", "Envoyer à", "Pièce jointe", "x",
    )  # fmt: skip
    assert roles(header) == {
        Role.TO: "Téléphone", Role.SEND_AT: "Envoyer à", Role.MEDIA: "Pièce jointe",
    }  # fmt: skip
    assert folded("  Numéro_de-Téléphone ") == "numero de telephone"


@pytest.mark.parametrize("cell", ["=1+1", "+1+cmd", "-x", "@SUM(A1)", "\tx", "\r=1"])
def test_a_cell_that_a_spreadsheet_would_reckon_with_is_quoted(cell: str) -> None:
    assert guarded(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["+14155550100", "-4.5", "+1 415 555 0100", "a=b", ""])
def test_numbers_and_plain_texts_stay_as_they_are(cell: str) -> None:
    assert guarded(cell) == cell
    assert line([cell, "x"]) == f"{cell},x\r\n"
