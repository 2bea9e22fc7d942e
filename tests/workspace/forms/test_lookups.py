"""Lists of the admin are narrowed by their own filters alone, whatever a query string asks."""

import pytest

pytestmark = pytest.mark.django_db
OWN = [
    "workspace/user/?role__exact=admin&is_active__exact=1",
    "workspace/auditentry/?action=sign_in.failed&target_kind=user&q=1",
    "profiles/source/?kind__exact=server&enabled__exact=1&o=1&p=1",
    "profiles/datawarning/?source__id__exact=1&code=trait_name",
    "profiles/traitname/?is_hidden__exact=0&q=plan",
    "consent/topic/?purpose__id__exact=1",
]
MADE_UP = [
    "workspace/user/?email__startswith=a",
    "workspace/auditentry/?actor_name__startswith=a",
    "workspace/apikey/?digest__gt=a",  # was a 500
    "profiles/source/?write_key_digest__gt=a",  # was a 500
    "profiles/eventdefinition/?name__regex=(",  # was a 500
    "profiles/traitname/?made_at__year=99999999999",  # was a 500
    "profiles/datawarning/?detail__contains=a",
    "profiles/datawarning/?code__regex=(a*)*b",
    "profiles/datawarning/?source__write_key_hint__startswith=a",
    "consent/suppression/?digest__gt=a",  # was a 500
]


def test_their_own_filters_are_answered(admin_client):
    archived = [f"consent/{name}/?archived={value}" for name in ("purpose", "topic") for value in
                ("yes", "no", "")]  # fmt: skip
    for asked in OWN + archived:
        answer = admin_client.get(f"/console/{asked}")
        assert answer.status_code == 200, asked


def test_whatever_else_is_asked_is_refused(admin_client):
    for asked in MADE_UP:
        assert admin_client.get(f"/console/{asked}").status_code == 400, asked
