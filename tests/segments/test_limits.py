"""What a rule may cost is counted beforehand, and each segment is read and compiled once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from config.workspace.models import Role
from segments import graph, services
from segments.builder.preview import preview
from segments.models import Segment
from segments.rules import RuleError, compiler, parse_rule, size
from segments.rules.compiler import CompileContext, compile_rule, members_of
from tests.cast import make_user
from tests.segments.builders import event, group, make_person, trait

pytestmark = pytest.mark.django_db
PRO = trait("plan", "eq", "pro")


def seg(slug: str) -> dict[str, Any]:
    return {"kind": "segment", "slug": slug}


def save(slug: str, *conditions: dict[str, Any], match: str = "any") -> Segment:
    return services.create_segment(slug=slug, name=slug, rule=group(match, *conditions))


def layers(n: int, width: int = 3) -> list[str]:
    """Segments that all use all of the layer below; the last layer's slugs."""
    below: list[str] = []
    for layer in range(n):
        names = [f"l{layer}-{k}" for k in range(width)]
        for name in names:
            save(name, *([seg(other) for other in below] or [PRO]))
        below = names
    return below


def problem(rule: Any) -> tuple[str, str]:
    with pytest.raises(RuleError) as caught:
        parse_rule(rule)
    return caught.value.path, caught.value.code


def nested(depth: int, rule: Any) -> Any:
    for _n in range(depth):
        rule = group("all", rule)
    return rule


def json_of_depth(depth: int) -> Any:
    found: Any = 1
    for _n in range(depth):
        found = [found]
    return found


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        (group("any", *[PRO] * (size.MOST_CONDITIONS + 1)), "conditions"),
        (group("any", *[group("all")] * size.MOST_GROUPS), "conditions"),
        (nested(size.DEEPEST, group("all")), ".".join(["conditions[0]"] * 12) + ".conditions"),
        (
            group("any", *[event("A", where=[{"property": "p", "op": "is_set"}] * 101)] * 5),
            "conditions[4].where",
        ),
        (
            group("any", *[trait("plan", "in", ["x"] * 9_000)] * 3),
            "conditions[2].value[1982]",
        ),
        (group("any", trait("plan", "in", ["x"] * 10_001)), "conditions[0].value"),
        (group("any", trait("plan", "in", ["x" * 900] * 2_000)), "conditions[0].value[1111]"),
        (
            group("any", trait("plan", "eq", json_of_depth(400))),
            "conditions[0].value" + "[0]" * (size.DEEPEST_JSON - 2),
        ),
        (nested(30_000, group("all")), ".".join(["conditions[0]"] * 17) + ".match"),
    ],
    ids=["conditions", "groups", "depth", "tests", "values", "list", "characters", "json", "deep"],
)
def test_what_is_too_large_is_refused_with_its_path_before_anything_is_asked(
    rule, path, django_assert_num_queries
):
    with django_assert_num_queries(0):
        found, code = problem(rule)
    assert code == "range"
    assert found == path


def test_the_largest_rule_is_read_in_two_queries(django_assert_num_queries):
    for n in range(50):
        Segment.objects.create(slug=f"s{n}", name=f"Segment {n}", kind="static")
    rule = group("any", *[seg(f"s{n % 50}") for n in range(199)], group("all"))
    with django_assert_num_queries(1):
        parsed = parse_rule(rule)
        assert "“Segment 49”" in parsed.describe()
    context = CompileContext(as_of=timezone.now())
    with django_assert_num_queries(1):  # compiling asks once for all of them
        compile_rule(parsed, context)


def test_a_circle_is_found_by_looking_at_each_segment_once(monkeypatch, django_assert_num_queries):
    looked: list[str] = []

    class Counted(dict):
        def get(self, key, default=None):
            looked.append(key)
            return super().get(key, default)

    uses = {f"{n}-{k}": [f"{n + 1}-{i}" for i in range(3)] for n in range(21) for k in range(3)}
    deepest = graph.longest_way(Counted(uses), "0-0")
    assert [way[:3].rstrip("-") for way in deepest][:2] == ["0-0", "1-0"]
    assert len(deepest) == 22
    assert len(looked) < 10 * len(uses)


def test_a_circle_is_refused_with_the_way_round():
    save("a", PRO)
    save("b", seg("a"))
    save("c", seg("b"), PRO)
    with pytest.raises(RuleError) as caught:
        services.update_segment(Segment.objects.get(slug="a"), rule=group("any", PRO, seg("c")))
    (found,) = caught.value.problems
    assert (found.path, found.code) == ("conditions[1].slug", "cycle")
    assert "a → c → b → a" in found.message


def test_segments_lie_in_one_another_as_deep_as_said_and_no_deeper():
    top = layers(size.MOST_LEVELS)
    with pytest.raises(RuleError) as caught:
        save("too-deep", PRO, seg(top[0]))
    assert (caught.value.path, caught.value.code) == ("conditions[1].slug", "range")
    assert f"at most {size.MOST_LEVELS} deep" in caught.value.reason
    # from below as well: those above the changed one count
    lowest = Segment.objects.get(slug="l0-0")
    save("lower", PRO)
    with pytest.raises(RuleError, match="too-deep|l9-0"):
        services.update_segment(lowest, rule=group("any", seg("lower")))


def test_conditions_of_all_segments_in_use_are_counted_together():
    for n in range(5):
        save(f"s{n}", *[PRO] * size.MOST_CONDITIONS)
    with pytest.raises(RuleError, match=f"at most {size.MOST_IN_ALL} conditions in all") as caught:
        save("all-five", *[seg(f"s{n}") for n in range(5)])
    assert caught.value.code == "range"


def test_a_past_moment_compiles_each_segment_once(monkeypatch):
    """Depth four and six wide were 1,296 copies of the lowest rule, and seconds of planning."""
    ada, ben = make_person(plan="pro"), make_person(plan="free")
    top = layers(4, width=6)
    compiled: list[str] = []
    plain = compiler.Group.compile

    def counting(self, context):
        compiled.append(context.used.way[-1] if context.used.way else "")
        return plain(self, context)

    monkeypatch.setattr(compiler.Group, "compile", counting)
    rule = parse_rule(group("any", *[seg(slug) for slug in top]))
    context = CompileContext(as_of=timezone.now() - timedelta(days=1), is_now=False)
    query = compile_rule(rule, context)
    assert len(compiled) == len(set(compiled)) == 1 + 4 * 6
    assert query.params.count("plan") <= 3 * 6
    assert len(query.text) < 50_000
    assert members_of(rule, context) == {ada.pk} and ben.pk


def test_every_question_finds_the_same_people_through_segments_in_use():
    """Counted or not, now or as of a moment, beside the rule or in its parts."""
    ada, ben = make_person(plan="pro"), make_person(plan="pro", vip=True)
    make_person(plan="free")
    save("pros", PRO)
    save("vips", trait("vip", "is_true"), seg("pros"), match="all")
    rule = services.read_rule(group("all", seg("pros"), group("none", seg("vips"), seg("vips"))))
    now = timezone.now()
    for context in (CompileContext(as_of=now), CompileContext(as_of=now, is_now=False)):
        assert members_of(rule, context) == {ada.pk}
    assert preview(rule, now).count == preview(rule).count == 1
    from segments.builder.clauses import clause_counts  # noqa: PLC0415
    from segments.builder.explain import explain_rule  # noqa: PLC0415
    from segments.builder.preview import context_at  # noqa: PLC0415

    counts = {each.path: each.remain for each in clause_counts(rule, context_at(None))}
    assert counts["conditions[0]"] == 2 and counts["conditions[1]"] == 1
    assert explain_rule(rule, ada).member and not explain_rule(rule, ben).member


def test_a_question_that_is_ended_is_an_answer_and_an_outage_is_none(client, monkeypatch):
    client.force_login(make_user(Role.MARKETER))
    body = {"rule": '{"match": "all", "conditions": []}'}

    def ended(*args, **more):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '1ms'")
            cursor.execute("SELECT pg_sleep(60)")

    def away(*args, **more):
        raise OperationalError("connection refused")

    from segments.pages import live  # noqa: PLC0415

    monkeypatch.setattr(live, "preview", in_savepoint(ended))
    answer = client.post("/console/segments/-/effect/", body)
    assert answer.status_code == 200 and "too long" in answer.content.decode()
    monkeypatch.setattr(live, "preview", away)
    with pytest.raises(OperationalError):
        client.post("/console/segments/-/effect/", body)


def in_savepoint(ask):
    from django.db import transaction  # noqa: PLC0415

    def asking(*args, **more):
        with transaction.atomic():
            return ask()

    return asking
