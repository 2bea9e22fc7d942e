"""The lists in the documentation are those of the code: none is missing, none is gone."""

import json
import re
from datetime import UTC, datetime

import pytest

from campaigns.composition.variables import FIXED
from campaigns.content.templates import liquid
from campaigns.models.message import MessageReason, MessageState
from campaigns.outcomes.figures import FIGURES, RATES
from config.paths import BASE_DIR
from config.running import metrics
from config.workspace.permissions import asked_of
from tests.docs.pages import DOCS, blocks, code, table
from tests.surface.routes import routes, routes_with_views

LIQUID = DOCS / "marketers" / "liquid.md"
STATES = "## A message that neither left nor was kept back"
NOW = datetime(2026, 11, 27, 16, 5, tzinfo=UTC)
# what the editor makes, and what stands between the pieces
INTERNAL = {"__href", "__link", "__pixel", "content", "illegal", "output"}


def liquid_data():
    (block,) = [one for one in blocks(LIQUID) if one.said == "run: data"]
    return json.loads(block.text)


def filter_rows():
    text = LIQUID.read_text()
    headings = re.findall(r"^### .+$", text[text.index("## Filters") :], re.M)
    return [row for heading in headings for row in table("marketers/liquid.md", heading=heading)]


@pytest.mark.parametrize("row", filter_rows(), ids=lambda row: row[0])
def test_a_filter_gives_what_its_example_says(row):
    name, example, gives, _words = row
    assert re.search(rf"\| {code(name)}\b", code(example))
    given = liquid.render(code(example), liquid_data(), escape=False, now=NOW)
    assert given.replace("\n", "⏎") == code(gives)


def test_every_filter_and_every_tag_is_there():
    environment = liquid.MailEnvironment()
    text = LIQUID.read_text()
    named = {name for row in filter_rows() for name in re.findall(r"`([a-z_0-9]+)`", row[0])}
    named |= {name for row in filter_rows() for name in re.findall(r"`([a-z_0-9]+)`", row[3])}
    assert named - {"currency", "locale"} >= set(environment.filters)
    assert {code(row[0]) for row in filter_rows()} <= set(environment.filters)
    deciding = table("marketers/liquid.md", heading="## Deciding and repeating")
    tags = {name for row in deciding for name in re.findall(r"`([a-z_#]+)`", row[0])}
    assert tags - {"elsif", "else", "when"} == set(environment.tags) - INTERNAL
    assert [name for name in FIXED if f"`{name}`" not in text] == []


def test_whole_templates_give_what_stands_below_them():
    found = list(blocks(LIQUID))
    pairs = [
        (one, found[at + 1])
        for at, one in enumerate(found)
        if one.kind == "liquid" and one.said == "run"
    ]
    assert pairs
    for template, gives in pairs:
        assert gives.said == "gives", f"{template.place} says nothing of what it gives"
        given = liquid.render(template.text, liquid_data(), escape=False, now=NOW)
        assert given.strip() == gives.text.strip(), template.place


def test_the_report_explains_each_figure_and_the_base_of_each_rate():
    figures = [code(row[0]) for row in table("marketers/report.md", "of code: figures")]
    assert sorted(figures) == sorted({"audience", *FIGURES})
    rates = table("marketers/report.md", "of code: rates")
    assert {code(a): (code(b), code(c)) for a, b, c in rates} == RATES


def test_each_reason_why_somebody_got_nothing_is_explained_in_its_order():
    rows = table("marketers/not-sent.md", "of code: reasons")
    assert [(row[0], code(row[1])) for row in rows] == [
        (str(reason.label), reason.value) for reason in MessageReason
    ]
    states = {row[0].strip("`") for row in table("marketers/not-sent.md", heading=STATES)}
    taken = {"sent", "delivered", "excluded", "handing_over"}
    assert states == {state.value for state in MessageState} - taken


def test_every_figure_is_explained_and_no_other():
    source = (BASE_DIR / "config" / "running" / "metrics.py").read_text()
    known = set(re.findall(r"(?:\.gauge|\.add|\beach)\(\s*\"(\w+)\"", source))
    known |= {*metrics.QUEUES, *metrics.COUNTED}
    rows = table("operators/monitoring.md", "of code: figures")
    said = {name for row in rows for name in re.findall(r"`rapport_(\w+)`", row[0])}
    assert len(known) > 25 and said == known


def first_parts(mark):
    rows = table("operators/proxy.md", mark)
    return {part for row in rows for part in re.findall(r"`/([\w]*)/?`", row[0])}


def test_a_proxy_is_told_of_every_route_that_there_is():
    """Those that ask for no log-in are what both examples let through for everybody."""
    public, others = first_parts("of code: public routes"), first_parts("of code: other routes")
    served = {re.sub(r"^\^", "", route).split("/")[0] for route in routes()}
    served = {re.sub(r"\W.*", "", part) for part in served}
    assert public | others == served | {"v1", "static"}
    assert public & others == set()
    text = (DOCS / "operators" / "proxy.md").read_text()
    (nginx,) = re.findall(r"for everybody\n\s+location ~ \^/\(([\w|]+)\)/", text)
    (caddy,) = re.findall(r"@public path (.+)", text)
    assert set(nginx.split("|")) == public
    assert set(re.findall(r"/(\w+)/\*", caddy)) == public


def test_what_asks_for_nobody_is_public():
    """A page outside the console that answers without a log-in, and is none of the other routes."""
    public = first_parts("of code: public routes")
    for route, view in routes_with_views():
        part = re.sub(r"\W.*", "", route.removeprefix("^").split("/")[0])
        if part in public and part not in ("opendsr", "opengdpr_requests"):
            assert asked_of(view, "GET") == (), route
