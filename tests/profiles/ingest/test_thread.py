"""From a call to rows."""

import pytest

from profiles.models import Event, Identifier, Inbox, Profile, ProfileChange

from .conftest import work_off

pytestmark = pytest.mark.django_db


def test_a_batch_becomes_a_person_with_traits_and_events(call):
    answer = call.batch(
        {"type": "identify", "userId": "u1", "traits": {"name": "Ada", "email": "Ada@Example.com"}},
        {
            "type": "track",
            "userId": "u1",
            "event": "Order Completed",
            "messageId": "m1",
            "properties": {"revenue": 12.5, "category": "shoes", "products": [{"product_id": "p"}]},
        },
    )
    assert answer.status_code == 200
    assert answer.json() == {"success": True}
    assert Inbox.objects.count() == 1
    work_off()
    assert Inbox.objects.count() == 0
    ada = Profile.objects.get()
    assert (ada.display_name, ada.traits["email"]) == ("Ada", "Ada@Example.com")
    assert set(Identifier.objects.values_list("kind", "value")) == {
        ("user_id", "u1"),
        ("email", "ada@example.com"),
        ("rapport_id", str(ada.public_id)),
    }
    order = Event.objects.get(name="Order Completed")
    assert (order.value, order.k1, order.message_id) == (12.5, "shoes", "m1")
    assert "event:Order Completed" in ProfileChange.objects.get().names
