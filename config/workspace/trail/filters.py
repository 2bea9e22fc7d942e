"""What the trail is narrowed by beside codes: who of the team acted, and when."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.workspace.models import AuditEntry, User


class ByUser(admin.SimpleListFilter):
    """By a member of the team, also one who is not active any more. One query."""

    title, parameter_name = _("who of the team acted"), "user"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """By name."""
        users = User.objects.order_by("first_name", "username")
        return [(str(user.pk), user.get_full_name() or user.username) for user in users]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry]
    ) -> QuerySet[AuditEntry]:
        """What is no number is nobody."""
        value = self.value() or ""
        if not value:
            return queryset
        if not value.isascii() or not value.isdigit() or len(value) > 18:  # noqa: PLR2004 - bigint
            return queryset.none()
        return queryset.filter(actor_kind="user", actor_id=int(value))


class _Day(admin.SimpleListFilter):
    """A day in the reader's zone, as `2026-11-27`; asked for by the form above the list."""

    is_hidden = True  # its form stands above the list

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """One, so that the filter is there; the form stands elsewhere."""
        return [("", "")]

    def day(self) -> date | None:
        """What is no day narrows nothing."""
        try:
            return date.fromisoformat(self.value() or "")
        except ValueError:
            return None


class SinceDay(_Day):
    """From the beginning of a day on."""

    title, parameter_name = _("from"), "since"

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry]
    ) -> QuerySet[AuditEntry]:
        """By the index of `at`."""
        day = self.day()
        return queryset.filter(at__gte=_midnight(day)) if day else queryset


class UntilDay(_Day):
    """To the end of a day."""

    title, parameter_name = _("to"), "until"

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry]
    ) -> QuerySet[AuditEntry]:
        """By the index of `at`."""
        day = self.day()
        if day is None or day == date.max:
            return queryset
        return queryset.filter(at__lt=_midnight(day + timedelta(days=1)))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
