"""`manage.py bench render`: what it costs that content is compiled and rendered in a child process.

The same content for the same people, in turns: by `campaigns.content.sandbox.calls`, as delivery
and the screens do, and by the very same functions in this process, without a wall. Computing is
counted, of this process and of its children; a typical mail of 20 KB with 13 links. Claims: a mail
of a batch of 25 at most 1.5 times as much, a preview at most 2 ms more. No database is asked.
"""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from campaigns.content.sandbox import calls
from campaigns.content.sandbox.tasks import TASKS
from tests.campaigns.content import measure

BATCH = 25
CLAIM_MAIL, CLAIM_PREVIEW_MS = 1.5, 2.0
TICK = 1 / os.sysconf("SC_CLK_TCK")
HEADERS = {
    "sender_name": "Rapport Shop",
    "sender_address": "hello@shop.example",
    "reply_to": "",
    "feedback_id": "spring:rapport",
}
Work = Callable[[int], Any]


def main(argv: Sequence[str] = ()) -> int:
    """Print the figures; 1 where one is above its claim."""
    parser = argparse.ArgumentParser(prog="bench render")
    parser.add_argument("--mails", type=int, default=2_000, help="of each round")
    parser.add_argument("--previews", type=int, default=200, help="of each round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(list(argv))
    print(f"a child's start, with the first preview: {median(_starts(5)):.0f} ms")
    compiled = measure.typical()
    source = [measure.SUBJECT, "", "", measure.source(), "marketing"]
    compile_here = TASKS["compile"](None)
    mails = options.mails // BATCH
    rows = [
        ("preview", options.previews, 1, _previews(compiled)),
        ("compile (MJML)", options.previews // 10, 1,
         (lambda _n: calls.compile_content(*source[:3], mjml=source[3]),
          lambda _n: compile_here(source))),
        ("mail", mails, BATCH, _mails(compiled)),
    ]  # fmt: skip
    found = {name: _compared(name, *rest, options.rounds) for name, *rest in rows}
    ratio, more = found["mail"][0] / found["mail"][1], found["preview"][0] - found["preview"][1]
    print(
        f"claims: a mail at most {CLAIM_MAIL} times, a preview at most {CLAIM_PREVIEW_MS} ms more"
    )
    calls.POOL.end_idle()
    return int(ratio > CLAIM_MAIL or more > CLAIM_PREVIEW_MS)


def _starts(times: int) -> list[float]:
    """Milliseconds of the first preview, each time in a fresh child."""
    found = []
    for _ in range(times):
        calls.POOL.end_idle()
        began = time.perf_counter()
        calls.render_template("Hi {{ name }}", {"name": "Ada"})
        found.append(1e3 * (time.perf_counter() - began))
    return found


def _previews(compiled: Any) -> tuple[Work, Work]:
    render = TASKS["render"]([compiled.to_dict(), _urls(0)])

    def ours(number: int) -> Any:
        person = measure.PEOPLE[number % len(measure.PEOPLE)]
        return calls.render(compiled, data=person, urls=measure.urls(0))

    return ours, lambda number: render(measure.PEOPLE[number % len(measure.PEOPLE)])


def _mails(compiled: Any) -> tuple[Work, Work]:
    fixed = {"workspace": {"name": "Shop", "time_zone": "Europe/Zurich"}}
    write = TASKS["write"]([compiled.to_dict(), fixed, HEADERS])

    def ours(number: int) -> Any:
        return calls.write_mails(compiled, fixed, HEADERS, _orders(number))

    def here(number: int) -> Any:
        return [write(order) for order in _orders(number)]

    return ours, here


def _orders(batch: int) -> list[list[Any]]:
    return [_order(number) for number in range(batch * BATCH, (batch + 1) * BATCH)]


def _order(number: int) -> list[Any]:
    traits = measure.PEOPLE[number % len(measure.PEOPLE)]
    own = {
        "to_name": traits["first_name"],
        "to_address": f"person{number}@example.com",
        "message_id": f"<{number}@shop.example>",
        "list_unsubscribe_url": f"https://r.example/u/{number:x}/",
    }
    profile = {"id": str(number), "name": traits["first_name"], "time_zone": ""}
    return [(traits, traits["first_name"], profile), {}, _urls(number), True, own]


def _urls(number: int) -> dict[str, str]:
    urls = measure.urls(number)
    return {name: getattr(urls, name) for name in urls.__slots__}


def _compared(
    name: str, times: int, size: int, sides: tuple[Work, Work], rounds: int
) -> tuple[float, float]:
    """Milliseconds of computing for each of `size` in a call: ours, and without a wall."""
    for side in sides:
        _measured(side, min(times, 20))  # warm
    found = [[_measured(side, times) for side in sides] for _ in range(rounds)]
    (ours, waited), (here, _) = (
        [median(one[side][part] for one in found) / size for part in (0, 1)] for side in (0, 1)
    )
    print(
        f"{name:<16} {ours:6.2f} ms of computing ({waited:.2f} ms waited), without a wall"
        f" {here:6.2f} ms, ratio {ours / here:.2f}"
    )
    return ours, here


def _measured(work: Work, times: int) -> tuple[float, float]:
    """Milliseconds a call: of computing, and by the clock."""
    cpu, began = _computed(), time.perf_counter()
    for number in range(times):
        work(number)
    waited = time.perf_counter() - began
    return 1e3 * (_computed() - cpu) / times, 1e3 * waited / times


def _computed() -> float:
    """Seconds, of this process and of the children that live: they are idle between calls."""
    return time.process_time() + sum(map(_computed_by, calls.POOL.pids))


def _computed_by(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK
