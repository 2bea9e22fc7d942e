"""Consent strings: published examples, each way of being broken, and no text that does harm."""

import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.signals import gpp, tcf
from consent.signals.bits import Bits, Broken, IdSet

# of the specifications
TC = "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA"
LONG = "A" * 30_000
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
BEGINNINGS = (TC, f"{TC}.I", "DBABM~", "DBABjw~", "DBABLA~BVVqAAAAAg", "DBACNY~", "C", "DB", "")


def packed(*fields: tuple[int, int]) -> str:
    """(value, width) one after the other, as a segment."""
    bits = "".join(f"{value:0{width}b}" for value, width in fields)
    bits += "0" * (-len(bits) % 6)
    return "".join(ALPHABET[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))


def tc_string(updated: datetime, *, version=2, policy=4, specific=1, purposes=0, vendors=(0, 16)):
    tenths = int(updated.timestamp() * 10)
    return packed(
        (version, 6), (tenths, 36), (tenths, 36), (31, 12), (1, 12), (0, 6), (4 << 6 | 13, 12),
        (126, 12), (policy, 6), (specific, 1), (0, 1), (0, 12), (purposes << 12, 24), (0, 24),
        (0, 1), (3 << 6 | 4, 12), vendors, (0, 1), (0, 16), (0, 1), (0, 12),
    )  # fmt: skip


DISCLOSED = packed((1, 3), (3, 16), (0, 1), (0b101, 3))


def test_the_examples_of_the_specifications_are_read():
    said = gpp.read(f"DBACNY~{TC}~1YNN")
    assert said.tcf is not None and (said.tcf.cmp_id, said.tcf.language) == (31, "EN")
    assert said.us[6].fields["Notice"] == "Y" and not said.us[6].opt_outs
    assert gpp.read(TC) == gpp.GppString(tcf=tcf.read(TC)), "a first C is a bare TC string"
    assert gpp.read("DBABTA~1YYN").us[6].opt_outs == {"SaleOptOut"}
    codes = ((3, 2), (3, 3), (3, 4), (11, 4), (3, 5), (19, 5), (11, 5))
    assert [Bits(packed(code)).fibonacci() for code in codes] == [1, 2, 3, 4, 5, 6, 7]
    california = gpp.read("DBABBg~BVqqqqpY.YA").us[8]
    assert (california.name, california.opt_outs) == ("usca", {"Gpc"})
    connecticut = gpp.read("DBABVg~BVVVVVVg.YA").us[12]
    assert connecticut.opt_outs == {"SaleOptOut", "TargetedAdvertisingOptOut", "Gpc"}
    # Maryland, with the head that its specification asks for, and without
    core = packed((1, 6), (1, 2), (0, 2), (1, 2), (1, 2), (1, 2), (1, 2), (2, 2), (0, 2))
    head = packed((24, 6), (1, 6), (1, 12), (0, 1), (3, 2))
    named = packed((3, 6), (1, 6), (1, 12), (0, 1), (0b00100011, 8))
    for body in (core, f"{head}.{core}"):
        assert gpp.read(f"{named}~{body}").us[24].opt_outs == {"SaleOptOut"}, body


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("CPX*", "a part of it is no base64url text"),
        ("CPXx", "it ends too early"),
        ("DBABM~", "it is empty"),
        ("DBABM", "its head names 1 sections and 0 follow"),
        ("DCABM~x", "version 2 of the GPP is not read, version 1 is"),
        ("EBABM~x", "it does not begin with the head of a GPP string"),
        ("DBACNY~C~x", "it ends too early"),
        ("DBABTA~1Y", "its section 6 is no US Privacy string"),
        (f"{TC}.AAAA", "it has a segment of type 0, which there is not"),
        (f"{TC}.{DISCLOSED}.{DISCLOSED}", "it has a segment of type 1 twice"),
        (f"{TC}.{packed((1, 3), (9, 16), (1, 1), (1, 12), (1, 1), (5, 16), (4, 16))}",
         "a range of ids ends before it begins"),
        (tc_string(datetime(2026, 1, 1, tzinfo=UTC), version=1), "begin with the head"),
        (packed((3, 6), (1, 6), (1, 12), (0, 1), (0, 40)), "a number in it has no end"),
    ],
)  # fmt: skip
def test_what_is_broken_says_why(text, reason):
    with pytest.raises(Broken, match=reason.replace("*", r"\*")):
        gpp.read(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (tc_string(datetime(2026, 2, 28, 23, tzinfo=UTC)), None),
        (tc_string(datetime(2026, 3, 1, tzinfo=UTC)), tcf.NOT_DISCLOSED),
        (f"{tc_string(datetime(2026, 3, 1, tzinfo=UTC))}.{DISCLOSED}", None),
        (tc_string(datetime(2024, 1, 1, tzinfo=UTC), policy=3), tcf.OLD_POLICY),
        (tc_string(datetime(2023, 1, 1, tzinfo=UTC), policy=2), None),
        (tc_string(datetime(2026, 1, 1, tzinfo=UTC), specific=0), tcf.GLOBAL),
    ],
)
def test_a_string_counts_by_the_rules_of_its_own_date(text, fault):
    found = tcf.read(text).fault()
    assert (found and found.reason) == fault


def test_the_publishers_own_segment_answers_for_us_where_it_allows_anything():
    core = tc_string(datetime(2026, 1, 1, tzinfo=UTC), purposes=0b101 << 9)
    own = packed((3, 3), (0b11 << 22, 24), (0, 24), (2, 6), (0b10, 2), (0, 2))
    empty = packed((3, 3), (0, 24), (0, 24), (0, 6))
    assert str(tcf.read(core).answers) == "1 3"
    assert str(tcf.read(f"{core}.{own}").answers) == "1-2"
    assert str(tcf.read(f"{core}.{empty}").answers) == "1 3", "encoders write it empty"
    assert tcf.read(f"{core}.{DISCLOSED}").as_evidence()["disclosed_vendors"] == 2


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(BEGINNINGS),
    st.one_of(st.text(max_size=80), st.text(alphabet=ALPHABET + "~.", max_size=400)),
)
def test_no_text_does_anything_but_be_read_or_be_broken(beginning, rest):
    for read in (gpp.read, tcf.read):
        try:
            read(beginning + rest)
        except Broken as broken:
            assert str(broken)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 90), st.integers(0, 9)), max_size=30))
def test_ranges_are_a_set_whatever_their_order(given_ranges):
    ranges = [(first, first + more) for first, more in given_ranges]
    wanted = {number for first, last in ranges for number in range(first, last + 1)}
    found = IdSet.of(ranges)
    assert len(found) == len(wanted) and all(number in found for number in wanted)
    assert 0 not in found and "1" not in found


def test_the_longest_strings_are_read_in_no_time():
    everybody = [part for _ in range(4095) for part in ((1, 1), (1, 16), (65535, 16))]
    most = packed((1, 3), (65535, 16), (1, 1), (4095, 12), *everybody)
    began = time.process_time()
    assert len(tcf.read(f"{TC}.{most}").disclosed or ()) == 65535
    for text in (LONG, f"C{LONG}", f"DBABM~C{LONG}", "D" + "~" * 30_000, "D" + "." * 30_000,
                 f"DBAB{'_' * 30_000}", f"{TC}.{'_' * 30_000}"):  # fmt: skip
        with suppress(Broken):
            gpp.read(text)
    assert time.process_time() - began < 5
