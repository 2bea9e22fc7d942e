"""Two who change one draft at the same moment, each on a connection of their own."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from campaigns.models import Campaign
from campaigns.services.drafts import create_campaign, update_campaign
from config.workspace.revisions import Stale


@pytest.mark.django_db(transaction=True)
def test_of_saves_that_build_on_one_revision_exactly_one_counts():
    draft = create_campaign({"slug": "boots", "name": "Boots"})

    def save(name: str) -> str:
        try:
            return update_campaign(draft, {"name": name}, revision=1).name
        except Stale:
            return ""
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(save, [f"Boots {n}" for n in range(8)]))
    row = Campaign.objects.get()
    assert [name for name in said if name] == [row.name]
    assert row.revision == 2
