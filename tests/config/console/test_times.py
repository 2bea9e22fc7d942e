"""Times on screens go through one place, which makes them local and says their zone."""

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone

from config.console import words

ROOT = Path(__file__).parents[3]
RAW = re.compile(r"\|\s*(date|time|timesince|timeuntil|localtime|utc)\b|{%\s*now\b|\bUTC\b")
# who may write a time by a pattern: what is no screen, or names the zone beside it
WRITERS = {
    "config/console/words.py",
    "config/workspace/zones.py",  # for programs, in UTC
    "config/home/views.py",  # "Thursday 26 November, 16:02 in Jakarta"
    "campaigns/pages/page_header.py",  # days, and start times with their zone
    "campaigns/pages/editor/forms/when.py",  # the field of a time, its zone beside it
    "campaigns/content/templates/filters.py",  # what a marketer's own pattern says
    "profiles/months.py",  # names of tables
    "campaigns/outcomes/recording.py",  # a key
    "config/workspace/forms/marketing_part.py",  # quiet hours, of each person's own clock
    "config/workspace/work/circuits.py",  # a line of the log, its zone beside it
    "profiles/selectors/folding.py",  # headings of days
    "profiles/selectors/words.py",  # "16:02 their time"
    "consent/letters/texts.py",  # a date with its year: a letter is read later
    "config/workspace/models/records.py",  # a row's name for developers
    "consent/models/keeping/retention.py",  # the same
    "segments/models/rfm.py",  # the same
    "consent/archives/output.py",  # a file to keep, its zone in its head
    "consent/retention/events.py",  # names of tables, keys of months
    "consent/retention/totals.py",  # keys of months
}
PATTERN = re.compile(r"date_format\(|time_format\(|\.strftime\(|:%[HYdb]")


def test_no_template_writes_a_time_by_itself():
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()[:120]}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for line in path.read_text().splitlines()
        if RAW.search(line)
    ]
    assert not found


def test_no_view_writes_a_time_by_itself():
    found = {
        str(path.relative_to(ROOT))
        for app in ("campaigns", "config", "consent", "profiles", "segments")
        for path in sorted((ROOT / app).rglob("*.py"))
        if PATTERN.search(path.read_text())
        and not {"demo", "migrations", "management"} & set(path.parts)
    }
    assert found - WRITERS == set()


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        (
            "Asia/Jakarta",
            {
                "at": "21 Nov 2026, 05:00 WIB",
                "clock": "05:00:07",
                "minute": "05:00",
                "on_day": words.day(datetime(2026, 11, 21, tzinfo=UTC).date()),
                "exact": "Sat 21 Nov 2026, 05:00:07 WIB",
            },
        ),
        ("Asia/Dubai", {"at": "21 Nov 2026, 02:00 UTC+04", "clock": "02:00:07"}),
    ],
)
def test_each_filter_is_local_and_has_the_zone_on_hover(zone, shown):
    moment = datetime(2026, 11, 20, 22, 0, 7, tzinfo=UTC)
    with timezone.override(ZoneInfo(zone)):
        for name, text in shown.items():
            written = Template("{{ moment|" + name + " }}").render(Context({"moment": moment}))
            title, inner = re.fullmatch(
                r'<time datetime="[^"]+" title="([^"]+)">(.+)</time>', written
            ).groups()
            assert inner == text
            hover = title if name != "exact" else inner
            assert hover == words.exactly(moment)
            assert words.zone_name(timezone.localtime(moment)) in hover
