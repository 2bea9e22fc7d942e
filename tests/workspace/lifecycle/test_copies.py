"""A copy has a name of its own."""

import pytest
from django.utils.translation import override

from campaigns.models import Campaign
from campaigns.services.drafts import MAX_NAME, duplicate
from config.workspace.lifecycle.copies import name_of_copy
from tests.campaigns.builders import make_campaign, make_segment


@pytest.mark.parametrize(
    ("name", "taken", "made"),
    [
        ("Spring", [], "Spring (copy)"),
        ("Spring", ["Spring (copy)"], "Spring (copy 2)"),
        ("Spring (copy)", ["Spring (copy)"], "Spring (copy 2)"),
        ("Spring (copy 2)", ["Spring (copy)", "Spring (copy 2)"], "Spring (copy 3)"),
        ("Spring (copy 2)", [], "Spring (copy)"),
        ("(copy)", [], "(copy) (copy)"),
        ("Copy of a (copy) test", [], "Copy of a (copy) test (copy)"),
        ("x" * 40, [], "x" * 23 + " (copy)"),
    ],
)
def test_the_name_is_told_from_the_first_and_from_its_other_copies(name, taken, made):
    with override("en"):
        assert name_of_copy(name, lambda one: one in taken, longest=30) == made


@pytest.mark.django_db
def test_a_campaign_copied_thrice_has_four_names():
    first = make_campaign(make_segment(), "spring")
    with override("en"):
        copies = [duplicate(first), duplicate(first)]
        copies.append(duplicate(copies[0]))
    assert [copy.name for copy in copies] == [
        f"{first.name} (copy)", f"{first.name} (copy 2)", f"{first.name} (copy 3)",
    ]  # fmt: skip
    assert Campaign.objects.values("name").distinct().count() == 4
    Campaign.objects.filter(pk=first.pk).update(name="n" * MAX_NAME)
    first.refresh_from_db()
    assert len(duplicate(first).name) == MAX_NAME
