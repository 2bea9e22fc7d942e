"""Narrowings that lists have in common."""

from datetime import datetime
from typing import Any

import django_filters
from django import forms
from django.utils.translation import gettext as _

from config.workspace.zones import read_moment


class MomentField(forms.Field):
    """An ISO time (UTC without an offset), or a date: the first moment of the workspace's day."""

    def to_python(self, value: Any) -> datetime | None:
        """Aware; the + of an offset, where nobody encoded it, comes as a blank."""
        if value in self.empty_values:
            return None
        moment = read_moment(str(value).strip().replace(" ", "+"))
        if moment is None:
            raise forms.ValidationError(
                _("This must be a date or time such as 2026-11-20 or 2026-11-20T09:00Z."), "invalid"
            )
        return moment


class MomentFilter(django_filters.Filter):  # type: ignore[misc]
    """At or after a moment; before it with `lookup_expr="lt"`."""

    field_class = MomentField
