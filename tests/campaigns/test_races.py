"""Two at the same moment, each on a connection of their own."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from campaigns.models import Campaign, Message
from campaigns.services.drafts import create_campaign, update_campaign
from campaigns.services.shapes import InvalidCampaign
from campaigns.services.single import send_message
from config.workspace.lifecycle.archiving import delete
from config.workspace.lifecycle.revisions import Stale
from config.workspace.lifecycle.usage import InUse
from consent.purposes import create_purpose
from tests.campaigns.builders import make_person, make_sender
from tests.racing import at_the_same_moment


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


@pytest.mark.django_db(transaction=True)
def test_of_a_send_and_the_deletion_of_its_purpose_the_second_is_refused():
    """No foreign key stands behind it: whoever writes messages of a purpose holds it."""
    make_sender()
    ada = make_person("ada")

    def send(slug):
        content = {"subject": "Hi", "text": "Hi."}
        return send_message(
            profile=ada, channel="email", purpose=slug, content=content, idempotency_key=slug
        )

    for slug in ("receipts", "reminders"):
        create_purpose(slug=slug, name=slug, purpose_class="transactional")
    _sent, refused = at_the_same_moment(
        lambda: send("receipts"), lambda: delete("purpose", "receipts")
    )
    assert isinstance(refused, InUse)
    done, refused = at_the_same_moment(
        lambda: delete("purpose", "reminders"), lambda: send("reminders")
    )
    assert (done, type(refused)) == (None, InvalidCampaign)
    assert Message.objects.get().purpose.slug == "receipts"
