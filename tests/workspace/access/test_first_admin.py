"""The one-time link to the first admin."""

import pytest
from django.http import Http404
from django.urls import path

from config import urls as site_urls
from config.workspace.access import first_admin
from config.workspace.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
urlpatterns = [
    path("console/first-admin/<str:token>/", first_admin.view),
    *site_urls.urlpatterns,
]
FORM = {"username": "ada", "password1": "a long enough one", "password2": "a long enough one"}


@pytest.fixture
def link(tmp_path, settings):
    settings.VAR_DIR = tmp_path
    return first_admin.path()


def test_the_link_makes_an_admin_who_is_logged_in(client, link, django_capture_on_commit_callbacks):
    assert client.get(link).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(link, FORM)
    assert answer.headers["Location"] == "/console/"
    assert User.objects.get().is_superuser
    assert "_auth_user_id" in client.session
    assert client.get(link).status_code == 404


def test_the_link_stays_the_same_until_it_is_used(link):
    assert first_admin.path() == link


@pytest.mark.parametrize("token", ["x", "ü", "0" * 64])
def test_another_token_is_not_found(client, link, token):
    assert client.get(f"/console/first-admin/{token}/").status_code == 404


def test_the_link_is_dead_once_somebody_is_there(client, link):
    User.objects.create_user("ben")
    assert client.get(link).status_code == 404


def test_a_weak_password_is_answered_in_the_form(client, link):
    answer = client.post(link, FORM | {"password1": "short", "password2": "short"})
    assert answer.status_code == 422
    assert not User.objects.exists()


def test_the_page_may_not_be_asked_for_without_its_link(link, rf):
    with pytest.raises(Http404):
        first_admin.view(rf.get("/"), "x")
