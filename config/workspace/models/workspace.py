"""The workspace: one row, since one installation is one workspace."""

import secrets
from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from config.workspace.tables.lasting import Bounded


def new_salt() -> str:
    """A fresh salt for digests and buckets; never changed once people exist."""
    return secrets.token_hex(32)


class Workspace(models.Model):
    """Name, zone, currency and salt of this installation."""

    lasts = Bounded("one row")
    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(_("name"), max_length=200, default="Rapport")
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    currency = models.CharField(
        _("currency"),
        max_length=3,
        default="EUR",
        validators=[RegexValidator(r"^[A-Z]{3}$")],
    )
    locale = models.CharField(_("language"), max_length=16, default="en")
    country = models.CharField(_("country"), max_length=2, default="", blank=True)
    salt = models.CharField(max_length=64, default=new_salt, editable=False)
    settings = models.JSONField(default=dict, blank=True, editable=False)
    demo_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "workspace"
        verbose_name = _("workspace")
        verbose_name_plural = _("workspace")
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="workspace_is_one_row"),
        ]

    def __str__(self) -> str:
        return self.name

    def setting(self, name: str, default: Any) -> Any:
        """A named setting, or its default."""
        return self.settings.get(name, default)
