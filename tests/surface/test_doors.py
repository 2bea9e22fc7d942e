"""No page offers what its reader's role may not open, on an installation that is still empty."""

import pytest

from config.workspace.models import Role
from config.workspace.pages.open_pages import is_open, open_to
from tests.cast import make_user
from tests.surface.doors import Door, Walk, doors_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.mark.parametrize("role", Role.values)
def test_an_empty_console_offers_nothing_that_the_role_does_not_open(role):
    walk = Walk(make_user(role)).go()
    assert walk.shut == []
    assert walk.pages > 10


def test_a_link_is_open_as_its_view_says():
    admin, analyst = make_user(Role.ADMIN), make_user(Role.ANALYST)
    step = "/console/campaigns/spring/who/"
    for url, method, is_analysts in (
        ("/console/profiles/source/", "GET", True),
        ("/console/profiles/source/1/change/", "GET", True),
        ("/console/profiles/source/1/change/", "POST", False),
        ("/console/profiles/source/add/", "GET", False),
        ("/console/profiles/fieldtag/", "GET", False),
        ("/console/sources/1/key/", "GET", False),
        (step, "GET", True),
        (step, "POST", False),
        ("/console/mailbox/", "GET", False),
        ("https://elsewhere.example/console/profiles/source/add/", "GET", True),
        ("#permissions", "GET", True),
        ("?status=refused", "GET", True),
    ):
        assert is_open(analyst, url, method) is is_analysts, (url, method)
        assert is_open(admin, url, method)
    assert open_to(analyst, "/console/sources/1/key/") == open_to(analyst, None) == ""


def test_the_walk_finds_links_forms_with_a_button_and_what_htmx_asks_for():
    html = """
        <a href="../new/#x">n</a><a href="https://elsewhere.example/">e</a>
        <form method="post" action="save/"><button>s</button></form>
        <form method="post" action="shown/only/"></form>
        <form method="post" id="far" action="far/"></form><button form="far">f</button>
        <p hx-get="part/?a=1"></p>
    """
    here = "/console/segments/one/"
    assert set(doors_of(here, html)) == {
        Door("GET", "/console/segments/new/", here),
        Door("GET", f"{here}part/?a=1", here, is_part=True),
        Door("POST", f"{here}save/", here),
        Door("POST", f"{here}far/", here),
    }
