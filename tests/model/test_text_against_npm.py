"""Our count of parts, held against the calculator it must agree with, on random texts.

Needs node and `npm install sms-segments-calculator@1.3.0` in tests/node; ESTAFETTE_NODE_MODULES
names another place.
"""

import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from estafette.model.graphemes import EXTEND, POSER, PREPEND, SPACING_MARK, THING
from estafette.model.text import BASIC, EXTENSION, is_gsm7, segments

PLACE = Path(
    os.environ.get("ESTAFETTE_NODE_MODULES") or Path(__file__).parent.parent / "node/node_modules"
)
COUNT = """
const { SegmentedMessage } = require(process.argv[1]);
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
const answers = texts.map((text) => {
  const message = new SegmentedMessage(text);
  return [message.segmentsCount, message.encodingName === "GSM-7"];
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
    "invisible": ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\xad", "\u180e"],
}


def texts(count: int, rng: random.Random) -> list[str]:
    return [_text(rng) for _ in range(count)]


def _text(rng: random.Random) -> str:
    size = rng.choice(EDGES) + rng.randint(-8, 8) if rng.random() < 0.7 else rng.randint(0, 700)
    kinds = rng.sample(list(STOCK), rng.randint(1, 5))
    filler = rng.choice(("", "", "a", "{", "\u0436", "\U0001f600"))
    pieces: list[str] = []
    while len(pieces) < size:
        if filler and rng.random() < 0.8:
            pieces += filler * rng.randint(1, 60)
        elif rng.random() < 0.05:
            pieces.append(_anything(rng, rng.choice((0x10000, 0x20000, 0x110000))))
        elif rng.random() < 0.02:
            pieces += rng.choice(STOCK["extend"]) * rng.randint(1, 90)
        else:
            pieces.append(rng.choice(STOCK[rng.choice(kinds)]))
    return "".join(pieces)[:size]


def counted_by_npm(bodies: list[str]) -> list[list[object]]:
    node = shutil.which("node")
    package = PLACE / "sms-segments-calculator"
    if node is None:
        pytest.skip("node is not installed")
    if not package.is_dir():
        pytest.skip(f"sms-segments-calculator is not installed in {PLACE}")
    ran = subprocess.run(
        [node, "-e", COUNT, str(package)],
        input=json.dumps(bodies),
        capture_output=True,
        check=True,
        text=True,
    )
    return json.loads(ran.stdout)


@pytest.mark.slow
def test_parts_and_alphabet_agree_with_the_calculator_on_ten_thousand_random_texts():
    bodies = texts(10_000, random.Random(7))
    theirs = counted_by_npm(bodies)
    ours = [[segments(body), is_gsm7(body)] for body in bodies]
    different = [
        (body, our, their)
        for body, our, their in zip(bodies, ours, theirs, strict=True)
        if our != their
    ]
    assert not different, f"{len(different)} differ, the first is {different[0]!a}"
