"""Everything in one run, side by side, in one table.

Machines differ and are noisy, ratios less so: each load is followed by the same load on the bare
server, or on an empty one, and the medians of these pairs are shown. `--quick` takes a few seconds; `--stored` says how many messages to store.
`console` measures the pages of the console instead, with the first number of messages stored that is not 0.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.console import measure
from bench.load import Found
from bench.seed import seed
from bench.servers import PATH, Measured, bare, estafette, fresh_home, slow

_ROUNDS = 5  # of each measurement: the median counts
_TOLD = 5_000  # messages that a slow receiver is told about


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["all", "console"], default="all")
    parser.add_argument("--home", type=Path, help="of `console`: a home that is filled already")
    parser.add_argument("--count", type=int, default=30_000, help="requests of one measurement")
    parser.add_argument("--stored", default="0,1000000,5000000", help="messages stored before")
    parser.add_argument("--quick", action="store_true", help="few requests, few messages stored")
    asked = parser.parse_args()
    count = 3_000 if asked.quick else asked.count
    sizes = [0, 20_000] if asked.quick else [int(size) for size in asked.stored.split(",")]
    console = Console(highlight=False, width=110)
    if asked.what == "console":
        measure(console, next(filter(None, sizes), 0), asked.home)
        return
    _paths(console, count)
    _callbacks(console, count)
    _sizes(console, count, sizes)


def _paths(console: Console, count: int) -> None:
    table = Table("", "a second", "of bare", "p50 ms", "p99 ms", "memory MB", box=None)
    table.title = "What one message costs, 64 keep-alive connections"
    with bare() as base:
        base.load(count // 10)
        found = sorted(base.load(count) for _ in range(_ROUNDS))[_ROUNDS // 2]
        table.add_row("the HTTP server without work", *_cells(found, 1, base))
        with fresh_home() as home, estafette(home, "--no-carry") as server:
            server.load(count // 10)
            rounds = [(base.load(count), server.load(count)) for _ in range(_ROUNDS)]
            table.add_row("accepted, on disk; nothing carried", *_middle(rounds, server))
        with fresh_home() as home, estafette(home) as server:
            server.load(count // 10)
            rounds = [(base.load(count), _quietly(server, count)) for _ in range(_ROUNDS)]
            table.add_row("accepted, on disk; while carrying", *_middle(rounds, server))
            ends = [(base.load(count).rate, _to_the_end(server, count)) for _ in range(_ROUNDS)]
            rate, of_bare = _medians(ends)
            table.add_row(
                "accepted, carried, delivered",
                *_numbers(rate, of_bare), "", "", _memory(server),
            )  # fmt: skip
    console.print(table)


def _callbacks(console: Console, count: int) -> None:
    table = Table("", "a second", "of one that tells nobody", box=None)
    table.title = f"What {_TOLD:,} messages do whose receiver takes a second"
    with (
        slow() as told,
        fresh_home() as none, estafette(none) as quiet,
        fresh_home() as home, estafette(home) as server,
    ):  # fmt: skip
        for one in (quiet, server):
            _quietly(one, count // 10)
        for name, *url in (("accepted, each to be told", told), ("others, meanwhile",)):
            rates = [
                (_quietly(quiet, _TOLD).rate, _quietly(server, _TOLD, *url).rate)
                for _ in range(_ROUNDS)
            ]
            table.add_row(name, *_numbers(*_medians(rates)))
    console.print(table)


def _middle(rounds: list[tuple[Found, Found]], server: Measured) -> list[str]:
    """The round with the median rate; the median of the ratios, each to its neighbour in time."""
    _, of_bare = _medians([(base.rate, found.rate) for base, found in rounds])
    return _cells(sorted(found for _, found in rounds)[len(rounds) // 2], of_bare, server)


def _medians(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    rate = statistics.median(rate for _, rate in pairs)
    return rate, statistics.median(rate / base for base, rate in pairs)


def _quietly(server: Measured, count: int, *told: str) -> Found:
    """A load, and then nothing until all of it is delivered."""
    found = server.load(count, *told)
    _until_delivered(server)
    return found


def _to_the_end(server: Measured, count: int) -> float:
    """Messages a second from the first request until the last of them is delivered."""
    began = time.perf_counter()
    _quietly(server, count)
    return count / (time.perf_counter() - began)


def _until_delivered(server: Measured) -> None:
    while True:
        accepted = server.counted('estafette_messages_total{status="queued"}')
        if accepted and server.counted('estafette_messages_total{status="delivered"}') >= accepted:
            return
        time.sleep(0.05)


def _sizes(console: Console, count: int, sizes: list[int]) -> None:
    table = Table(
        "stored", "accepted a second", "of none", "first page ms", "a page by To ms",
        "a page by DateSent ms", "tenth page ms", box=None,
    )  # fmt: skip
    table.title = "What is stored does not slow what comes"
    with fresh_home() as none, estafette(none, "--no-carry") as empty:
        empty.load(count // 10)
        for size in sizes:
            with fresh_home() as home:
                with estafette(home, "--no-carry"):
                    pass
                console.print(f"storing {size:,} messages took {seed(home, size):.0f} s")
                with estafette(home, "--no-carry") as server:
                    server.load(count // 10)
                    rates = [
                        (empty.load(count).rate, server.load(count).rate) for _ in range(_ROUNDS)
                    ]
                    table.add_row(f"{size:,}", *_numbers(*_medians(rates)), *_pages(server))
    console.print(table)


def _pages(server: Measured) -> list[str]:
    recipient = "%2B14150000042"
    tenth = _walk(server, 9)
    return [
        _time(server, PATH),
        _time(server, f"{PATH}?To={recipient}"),
        _time(server, f"{PATH}?DateSent=2026-01-01"),
        _time(server, tenth),
    ]


def _walk(server: Measured, pages: int) -> str:
    path = PATH
    for _ in range(pages):
        path = json.loads(server.get(path))["next_page_uri"] or path
    return path


def _time(server: Measured, path: str) -> str:
    spans = []
    for _ in range(21):
        began = time.perf_counter()
        server.get(path)
        spans.append(time.perf_counter() - began)
    return f"{statistics.median(spans) * 1000:.1f}"


def _cells(found: Found, of_bare: float, server: Measured) -> list[str]:
    spans = [f"{span * 1000:.1f}" for span in (found.p50, found.p99)]
    return [*_numbers(found.rate, of_bare), *spans, _memory(server)]


def _numbers(rate: float, ratio: float) -> list[str]:
    return [f"{rate:,.0f}", f"{ratio:.2f}"]


def _memory(server: Measured) -> str:
    return " + ".join(str(size) for size in server.memory())


if __name__ == "__main__":
    main()
