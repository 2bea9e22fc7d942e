"""Our readers of consent strings against the IAB's own libraries: random models, written by them.

What they read back from their own string is what we have to read.
"""

import json
from datetime import datetime

import pytest

from consent.signals import gpp, tcf, us_sections
from consent.signals.bits import IdSet

HOW_MANY, SEEDS = 150, (3, 20261127)


@pytest.fixture(scope="module", params=SEEDS)
def written(node, request):
    """The strings of a kind, with what the library says of each."""
    script = (node.folder / "consent_strings.mjs").read_text()

    def write(kind):
        lines = node.run(script, kind, str(HOW_MANY), str(request.param))
        return [json.loads(line) for line in lines.splitlines()]

    return write


def all_of(ids: IdSet) -> list[int]:
    return [number for first, last in ids.ranges for number in range(first, last + 1)]


def test_every_field_of_a_tc_string_is_what_the_library_reads(written):
    lines = written("tcf")
    assert len(lines) == HOW_MANY
    late = 0
    for line in lines:
        said, expected = tcf.read(line["string"]), line["expected"]
        plain = ("cmp_id", "cmp_version", "screen", "language", "list_version", "policy_version")
        flags = ("is_service_specific", "has_other_texts", "purpose_one_is_special", "country")
        for name in plain + flags:
            assert getattr(said, name) == expected[name], name
        for name in ("special_features", "purposes", "interests", "vendors", "vendor_interests"):
            assert all_of(getattr(said, name)) == expected[name], name
        for name in ("created", "updated"):
            assert getattr(said, name) == datetime.fromisoformat(expected[name])
        disclosed = None if said.disclosed is None else all_of(said.disclosed)
        assert disclosed == expected["disclosed"]
        restrictions = sorted([r.purpose, r.type, all_of(r.vendors)] for r in said.restrictions)
        assert restrictions == sorted(expected["restrictions"])
        own = said.publisher and [all_of(said.publisher.purposes), all_of(said.publisher.interests),
                                  all_of(said.publisher.custom_purposes)]  # fmt: skip
        assert own == expected["publisher"]
        late += said.fault() is not None and said.disclosed is None
    assert 0 < late < HOW_MANY, "written today: without Disclosed Vendors it does not count"


def test_every_section_of_a_gpp_string_is_what_the_library_reads(written):
    seen: set[str] = set()
    for line in written("gpp"):
        said, expected = gpp.read(line["string"]), line["expected"]
        assert not said.unread
        names = {one.name for one in said.us.values()}
        names |= {"tcfeuv2"} if said.tcf else set()
        names |= {"tcfcav1"} if said.canada else set()
        assert names == set(expected)
        seen |= names
        for one in said.us.values():
            fields = {
                name: expected[one.name][name] for name in one.fields if name in expected[one.name]
            }
            assert {name: one.fields[name] for name in fields} == fields, (one.name, line["string"])
            missing = set(expected[one.name]) - set(one.fields)
            assert missing <= {"GpcSegmentType", "SensitiveDataProcessing"} | unsaid(one)
            told = {name for name in us_sections.OPT_OUTS if expected[one.name].get(name) == 1}
            told |= {"Gpc"} if expected[one.name].get("Gpc") else set()
            if one.name == "uspv1":
                told = {"SaleOptOut"} if expected["uspv1"]["OptOutSale"] == "Y" else set()
            assert one.opt_outs == told
        for section, name in (
            (said.tcf, "PurposeConsents"),
            (said.canada, "PurposesExpressConsent"),
        ):
            if section is not None:
                bits = expected["tcfeuv2" if section is said.tcf else "tcfcav1"][name]
                assert all_of(section.purposes) == [n for n, on in enumerate(bits, 1) if on]
    assert len(seen) == len(us_sections.SECTIONS) + 3, "each section came up"


def unsaid(section):
    """What the library gives a value where the string has none."""
    return set() if "Gpc" in section.fields or section.id not in us_sections.SECTIONS else {"Gpc"}
