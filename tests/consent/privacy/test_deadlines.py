"""Clocks, by the dates that laws give."""

from datetime import UTC, datetime

import pytest

from config.workspace.models import Workspace
from config.workspace.selectors import forget_workspace
from consent.models import DeadlineRule
from consent.privacy import requests
from consent.privacy.deadlines import after, clock, extended
from tests.campaigns.builders import make_person

pytestmark = pytest.mark.django_db
AT = datetime(2026, 1, 31, 10, tzinfo=UTC)
UNIT = DeadlineRule.PeriodUnit


@pytest.fixture(autouse=True)
def _amsterdam():
    Workspace.objects.update(time_zone="Europe/Amsterdam", country="NL")
    forget_workspace()
    yield
    forget_workspace()


@pytest.mark.parametrize(
    ("law", "type_", "due", "longer"),
    [
        # the last day of February is a Saturday
        ("gdpr", "access", "2026-03-02 22:59:59", "2026-04-30 21:59:59"),
        ("ccpa", "erasure", "2026-03-17 22:59:59", "2026-05-01 21:59:59"),
        ("ccpa", "opt_out_of_sale", "2026-02-20 22:59:59", None),
        ("pdp", "access", "2026-02-03 10:00:00", None),
        ("pdp", "portability", "2026-02-28 22:59:59", None),
        ("dpdp", "erasure", "2026-05-01 21:59:59", None),
    ],
)
def test_each_law_has_its_own_arithmetic(law, type_, due, longer):
    assert str(clock(law, type_, AT).due_at)[:19] == due
    until = extended(law, type_, AT)
    assert (str(until)[:19] if until else None) == longer


def test_business_days_leave_out_weekends_and_holidays():
    eve = datetime(2026, 12, 24, 12, tzinfo=UTC)  # Thursday; Christmas is Friday and Saturday
    assert str(after(eve, 1, UNIT.BUSINESS_DAY))[:10] == "2026-12-28"
    assert str(after(eve, 10, UNIT.BUSINESS_DAY))[:10] == "2027-01-11"  # New Year's Day
    assert str(clock("ccpa", "access", eve).confirm_by)[:10] == "2027-01-11"
    easter = datetime(2026, 3, 6, 12, tzinfo=UTC)
    assert str(after(easter, 1, UNIT.MONTH, moves=True))[:10] == "2026-04-07"  # Easter Monday


def test_a_request_is_extended_once_and_before_it_is_due():
    make_person("maya")
    told = {"type_": "access", "references": ["email:maya@example.com"]}
    row = requests.open_request(**told, received_at=datetime(2020, 1, 1, tzinfo=UTC))
    with pytest.raises(requests.CannotBeDone, match="overdue"):
        requests.extend(row, because="many")
    requests.cancel(row, because="a copy")
    row = requests.open_request(**told)
    before = row.due_at
    with pytest.raises(requests.CannotBeDone, match="Say why"):
        requests.extend(row, because=" ")
    assert requests.extend(row, because="many").due_at > before
    with pytest.raises(requests.CannotBeDone, match="already"):
        requests.extend(row, because="many")
    row = requests.open_request(**(told | {"type_": "restriction", "regulation": "pdp"}))
    with pytest.raises(requests.CannotBeDone, match="knows no extension"):
        requests.extend(row, because="many")
