"""A progress bar for a terminal, and a line now and then for anything else."""

from __future__ import annotations

import sys
import time
from typing import TextIO

WIDTH = 28
EVERY_SECONDS = 0.2
LINE_EVERY_SECONDS = 10.0


class Progress:
    """Steps of a known share of the whole; `at` says how far the current one is."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.out = out or sys.stdout
        self.is_terminal = self.out.isatty()
        self.began = self.said_at = time.monotonic()
        self.label, self.low, self.high = "", 0.0, 0.0
        self.last = ""

    def step(self, label: str, to: float) -> None:
        """From here on `label` is being done; the whole is at `to` (0 to 1) when it is."""
        self.label, self.low, self.high = label, self.high, to
        self._show(self.low, force=True)

    def at(self, done: float, of: float, note: str = "") -> None:
        """`done` of `of` in the current step."""
        share = min(1.0, done / of) if of else 1.0
        self._show(self.low + (self.high - self.low) * share, note)

    def end(self, words: str) -> None:
        """The last line."""
        self.high = 1.0
        self.label = words
        self._show(1.0, force=True)
        if self.is_terminal:
            self.out.write("\n")
        self.out.flush()

    def _show(self, share: float, note: str = "", *, force: bool = False) -> None:
        now = time.monotonic()
        pause = EVERY_SECONDS if self.is_terminal else LINE_EVERY_SECONDS
        if not force and now - self.said_at < pause:
            return
        self.said_at = now
        text = f"{share:4.0%}  {self.label}{'  ' + note if note else ''}  {now - self.began:.0f} s"
        if self.is_terminal:
            full = round(share * WIDTH)
            self.out.write(f"\r\x1b[K{'━' * full}{'╌' * (WIDTH - full)} {text}")
        elif text != self.last:
            self.out.write(text + "\n")
        self.last = text
        self.out.flush()
