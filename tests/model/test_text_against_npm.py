"""Our count of parts and our replacements, held against the calculator they must agree with.

Needs node and `npm install sms-segments-calculator@1.3.0` in tests/node; ESTAFETTE_NODE_MODULES
names another place.
"""

import json
import os
import random
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from estafette.model.graphemes import EXTEND, POSER, PREPEND, SPACING_MARK, THING
from estafette.model.smart import REPLACED, smart
from estafette.model.text import BASIC, EXTENSION, is_gsm7, segments

PLACE = Path(
    os.environ.get("ESTAFETTE_NODE_MODULES") or Path(__file__).parent.parent / "node/node_modules"
)
COUNT = """
const { SegmentedMessage } = require(process.argv[1]);
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
const answers = texts.map((text) => {
  const message = new SegmentedMessage(text, "auto", process.argv[2] === "smart");
  const isGsm7 = message.encodingName === "GSM-7";
  return [message.segmentsCount, isGsm7, message.graphemes.join("")];
});
process.stdout.write(JSON.stringify(answers));
"""

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
#: Lengths round which a count changes: each alphabet's one part, then two, three and four.
EDGES = (35, 70, 80, 134, 153, 160, 201, 268, 306, 459, 612)


def _span(first: int, last: int) -> list[str]:
    return [chr(code) for code in range(first, last + 1)]


def _listed(table: str) -> list[str]:
    ends = [entry.partition("-") for entry in table.split()]
    return [
        char
        for first, _, last in ends
        for char in (chr(int(first, 16)), chr(int(last or first, 16)))
    ]


def _anything(rng: random.Random, last: int) -> str:
    code = rng.randrange(last)
    return chr(code) if not 0xD800 <= code <= 0xDFFF else "?"


#: What a text may be made of: any mixture of these is tried.
STOCK = {
    "ascii": _span(0x20, 0x7E),
    "controls": _span(0, 0x1F) + _span(0x7F, 0x9F),
    "gsm": list(BASIC),
    "extension": list(EXTENSION),
    "accented": _span(0xC0, 0x17F),
    "marks": _span(0x300, 0x36F),
    "cyrillic": _span(0x400, 0x4FF),
    "indic": [*_span(0x900, 0xDFF), "\u0915\u094d\u0937", "\u0d4e", "\u200d", "\u200c"],
    "thai": _span(0xE01, 0xEDF),
    "jamo": _span(0x1100, 0x11FF) + _span(0xA960, 0xA97C) + _span(0xD7B0, 0xD7FB),
    "hangul": [chr(code) for code in range(0xAC00, 0xD7A4, 7)],
    "cjk": _span(0x3041, 0x30FF) + _span(0x4E00, 0x4F00),
    "punctuation": _span(0x2000, 0x206F),
    "emoji": _span(0x1F300, 0x1F6FF) + _span(0x1F900, 0x1FAFF) + _span(0x2600, 0x27BF),
    "people": [FAMILY, *_span(0x1F466, 0x1F469), *_listed(POSER)],
    "things": _listed(THING),
    "joiner": ["\u200d"],
    "tones": _span(0x1F3FB, 0x1F3FF),
    "flags": _span(0x1F1E6, 0x1F1FF),
    "keycaps": ["1\ufe0f\u20e3", "#\u20e3", "\ufe0f", "\u20e3", "\ufe0e"],
    "tags": ["\U0001f3f4", *_span(0xE0000, 0xE007F), *_span(0xE0100, 0xE01EF)],
    "extend": _listed(EXTEND),
    "spacing": _listed(SPACING_MARK),
    "prepend": _listed(PREPEND),
    "breaks": ["\r\n", "\r", "\n", "\u2028", "\u2029", "\x85"],
    "lines": ["\r\n", "\r", "\n"],
    "replaced": [chr(int(code, 16)) for codes in REPLACED.values() for code in codes.split()],
    "invisible": ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\xad", "\u180e"],
}


GSM = ("gsm", "extension", "lines")
ANY_FILLER = ("", "", "a", "{", "\u0436", "\U0001f600")
#: How texts are made: what of STOCK, what long runs between it, and whether of anything else too.
RECIPES = {
    "all kinds": (tuple(STOCK), ANY_FILLER, True),
    "the GSM alphabet": (GSM, ANY_FILLER[:4], False),
    "the GSM alphabet, and what becomes it": ((*GSM, "replaced"), ANY_FILLER[:4], False),
}
WEIGHTS = (5, 3, 2)


def texts(count: int, rng: random.Random) -> list[str]:
    """Texts of all recipes, no two the same."""
    found: dict[str, None] = {}
    while len(found) < count:
        (recipe,) = rng.choices(list(RECIPES), WEIGHTS)
        found[_text(rng, *RECIPES[recipe])] = None
    return list(found)


def _text(
    rng: random.Random, stock: tuple[str, ...], fillers: tuple[str, ...], has_more: bool
) -> str:
    size = rng.choice(EDGES) + rng.randint(-8, 8) if rng.random() < 0.7 else rng.randint(0, 700)
    kinds = rng.sample(stock, rng.randint(1, min(5, len(stock))))
    filler = rng.choice(fillers)
    pieces: list[str] = []
    while len(pieces) < size:
        if filler and rng.random() < 0.8:
            pieces += filler * rng.randint(1, 60)
        elif has_more and rng.random() < 0.05:
            pieces.append(_anything(rng, rng.choice((0x10000, 0x20000, 0x110000))))
        elif has_more and rng.random() < 0.02:
            pieces += rng.choice(STOCK["extend"]) * rng.randint(1, 90)
        else:
            pieces.append(rng.choice(STOCK[rng.choice(kinds)]))
    return "".join(pieces)[:size]


def asked_of_npm(bodies: list[str], *options: str) -> list[list[object]]:
    """The parts of each text, whether it is GSM-7, and the text that was counted."""
    node = shutil.which("node")
    package = PLACE / "sms-segments-calculator"
    if node is None:
        pytest.skip("node is not installed")
    if not package.is_dir():
        pytest.skip(f"sms-segments-calculator is not installed in {PLACE}")
    ran = subprocess.run(
        [node, "-e", COUNT, str(package), *options],
        input=json.dumps(bodies),
        capture_output=True,
        check=True,
        text=True,
    )
    return json.loads(ran.stdout)


def answers(bodies: list[str]) -> list[list[object]]:
    """Ours, as the calculator's are."""
    return [[segments(body), is_gsm7(body), body] for body in bodies]


def check(bodies: list[str], ours: list[list[object]], theirs: list[list[object]]) -> None:
    different = [
        (body, our, their)
        for body, our, their in zip(bodies, ours, theirs, strict=True)
        if our != their
    ]
    assert not different, f"{len(different)} differ, the first is {different[0]!a}"


@pytest.fixture(scope="module")
def bodies() -> list[str]:
    return texts(10_000, random.Random(7))


def test_the_random_texts_are_of_all_kinds(bodies: list[str]) -> None:
    assert len(set(bodies)) == 10_000
    found = Counter((min(segments(body), 4), is_gsm7(body)) for body in bodies)
    assert all(
        found[parts, alphabet] >= 200 for parts in (1, 2, 3, 4) for alphabet in (True, False)
    )
    assert sum(not is_gsm7(body) and is_gsm7(smart(body)) for body in bodies) >= 500
    whole = "".join(bodies)
    for kind in ("extension", "replaced", "lines", "marks", "people", "flags", "tones", "keycaps"):
        assert all(item in whole for item in STOCK[kind]), kind


@pytest.mark.slow
def test_parts_and_alphabet_agree_with_the_calculator_on_ten_thousand_random_texts(
    bodies: list[str],
) -> None:
    check(bodies, answers(bodies), asked_of_npm(bodies))


#: Where the release has something else than the table that is followed here.
RELEASE = {0x2039: "<", 0x203A: ">", 0x200C: ""}


@pytest.mark.slow
def test_so_they_do_with_smart_encoding_and_the_replaced_text_is_the_same(
    bodies: list[str],
) -> None:
    some = bodies[:3000]
    ours = answers([smart(body.translate(RELEASE)) for body in some])
    check(some, ours, asked_of_npm(some, "smart"))


@pytest.mark.slow
def test_all_characters_but_three_become_what_the_calculator_makes_of_them() -> None:
    # Two planes: the others hold nothing that resembles a letter or sign of the GSM alphabet.
    there = [chr(code) for code in range(0x20000) if not 0xD800 <= code <= 0xDFFF]
    bodies = ["".join(there[start : start + 4096]) for start in range(0, len(there), 4096)]
    theirs = [text for _, _, text in asked_of_npm(bodies, "smart")]
    assert [smart(body.translate(RELEASE)) for body in bodies] == theirs
    assert all(smart(chr(code)) != instead for code, instead in RELEASE.items())
