"""Home: each of its parts answers, empty and with people, within a budget of queries."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from config.home.views import PARTS
from config.workspace.models import Role, User
from config.workspace.work.jobs import finish_job, start_job
from tests.cast import make_event, make_profile

pytestmark = pytest.mark.django_db
BUDGET = 40


@pytest.fixture(params=Role.values)
def someone(request, client):
    """Each role opens Home: what one may not see is left out, not refused."""
    user = User.objects.create_user("someone", password="x", role=request.param)
    client.force_login(user)
    return client


def test_home_opens_for_every_role_on_an_empty_installation(someone):
    assert someone.get(reverse("admin:index")).status_code == 200


@pytest.mark.parametrize("part", sorted(PARTS))
def test_every_part_answers_with_and_without_people(admin_client, part):
    url = reverse("admin:home_part", args=[part])
    assert admin_client.get(url).status_code in (200, 204)
    make_event(make_profile("Maya"), "Order Completed", revenue=20, currency="EUR")
    assert admin_client.get(url).status_code in (200, 204)


def part_of(client, name: str) -> str:
    return client.get(reverse("admin:home_part", args=[name])).content.decode()


def test_who_bought_and_what_it_brought_are_the_same_wherever_home_says_it(admin_client):
    """Buyers hold an order that stands; the station and the chart show one revenue."""
    cache.clear()
    ada, ben, cleo, dan, eve = (make_profile(name) for name in ("Ada", "Ben", "Cleo", "Dan", "Eve"))
    for number, person in enumerate((ada, ben, cleo)):
        make_event(person, "Order Completed", days_ago=2, revenue=1000, order_id=f"o{number}")
    make_event(ben, "Order Refunded", days_ago=1, revenue=1000, order_id="o1")
    make_event(cleo, "Order Refunded", days_ago=1, revenue=300, order_id="o2")
    make_event(dan, "Order Completed", days_ago=20, revenue=70, order_id="o3")
    make_event(dan, "Order Refunded", days_ago=1, revenue=70, order_id="o3")
    make_event(eve, "Order Completed", days_ago=3, revenue=55, order_id="o4")
    make_event(eve, "Order Cancelled", days_ago=3, order_id="o4")
    page = part_of(admin_client, "loop")
    assert "2 bought: €1,685.00" in page, "dan only gave something back"
    make_event(ada, "Order Completed", revenue=5000, order_id="late")
    charts = part_of(admin_client, "charts")
    assert "€1,685.00" in charts
    assert "€6,685" not in charts, "both parts show what was counted once"


def test_an_erased_husk_is_no_new_person(admin_client):
    cache.clear()
    make_profile("Maya", days_ago=0)
    make_profile("Gone", days_ago=0, state="erased")
    assert ">1</a> new person" in admin_client.get(reverse("admin:index")).content.decode()


def test_an_unknown_part_is_not_found(admin_client):
    assert admin_client.get(reverse("admin:home_part", args=["nothing"])).status_code == 404


def test_home_asks_the_same_number_of_questions_however_many_people(
    admin_client, django_assert_max_num_queries
):
    for number in range(30):
        make_event(make_profile(f"Person {number}"), "Order Completed", revenue=5)
    with django_assert_max_num_queries(BUDGET):
        admin_client.get(reverse("admin:index"))


def test_an_import_that_failed_needs_someone(admin_client):
    job = start_job(kind="import", title="customers.csv")
    assert b"customers.csv" not in admin_client.get(reverse("admin:index")).content
    finish_job(job, state="failed", error="OSError")
    assert b"customers.csv" in admin_client.get(reverse("admin:index")).content


def test_an_import_that_left_something_out_says_how_much(admin_client):
    finish_job(start_job(kind="import", title="whole.csv"), accepted=7, rejected=0)
    finish_job(start_job(kind="import", title="holes.csv"), accepted=9, rejected=0, warned=3)
    page = admin_client.get(reverse("admin:index")).content
    assert b"<b>holes.csv</b> was not taken in as a whole" in page
    assert b"Accepted 9 rows, 3 of them without a value" in page
    assert b"whole.csv" not in page
