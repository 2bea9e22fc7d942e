"""Words of forms: each change a version, none ever changed, and found again by who agreed."""

import pytest
from django.db import ProgrammingError, transaction
from django.test import Client

from consent.models import Wording
from consent.wordings import newest_of, say
from tests.cast import make_user

pytestmark = pytest.mark.django_db


def test_a_wording_is_a_new_version_only_where_it_says_something_else():
    first = say("form", "en", {"title": "May we?", "yes": "Yes"})
    assert say("form", "en", {"title": "May we?", "yes": "Yes"}) == first
    second = say("form", "en", {"yes": "Yes", "title": "May we?"})
    other = say("form", "id", {"title": "Bolehkah?"})
    assert [first.version, second.version, other.version] == [1, 2, 1]
    assert newest_of("form") == {"en": second, "id": other}
    assert (first.text, second.texts["title"]) == ("May we?\nYes", "May we?")


def test_no_wording_is_changed_or_deleted_and_the_officer_reads_all():
    row = say("form", "en", {"title": "May we?"})
    for change in (row.delete, lambda: Wording.objects.update(parts=[])):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            change()
    client = Client()
    client.force_login(make_user("privacy_officer"))
    listed = client.get("/console/consent/wording/").content.decode()
    assert f'?language={row.language}">' in listed, "a filter by language, by its name"
    page = client.get(f"/console/consent/wording/{row.pk}/change/").content.decode()
    assert "May we?" in page
    assert (
        client.post(f"/console/consent/wording/{row.pk}/delete/", {"post": "yes"}).status_code
        == 403
    )
