"""What has to stay of everybody, chosen on each new request; and whether a request has to wait."""

from django.db.models import Q, QuerySet

from config.workspace.zones import today
from consent.models import ErasureDuty, ErasureException, PrivacyRequest
from consent.models.exceptions import DataClass


def keep_by_duty(request: PrivacyRequest) -> None:
    """The duties in force, as exceptions of this request."""
    ErasureException.objects.bulk_create(of_duties(request))


def of_duties(request: PrivacyRequest | None = None) -> list[ErasureException]:
    """The duties in force, as exceptions that are not kept yet. One query."""
    return [
        ErasureException(
            request=request,
            data_class=duty.data_class,
            ground=duty.ground,
            because=duty.because,
            months=duty.months,
            made_by="duty",
        )
        for duty in ErasureDuty.objects.filter(is_on=True)
    ]


def in_force(request: PrivacyRequest) -> list[ErasureException]:
    """Those that keep something now, the first made first."""
    return list(_keeping().filter(request=request))


def held() -> Q:
    """Of requests: everything has to stay for now."""
    rows = _keeping().filter(data_class=DataClass.EVERYTHING)
    return Q(pk__in=rows.values("request"))


def _keeping() -> QuerySet[ErasureException]:
    rows = ErasureException.objects.filter(done_at=None, ended_at=None)
    return rows.filter(Q(until=None) | Q(until__gte=today()))
