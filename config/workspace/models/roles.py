"""Roles that an admin makes beside the built-in ones."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.workspace.tables.lasting import Bounded


class CustomRole(models.Model):
    """What somebody may do (`permissions`), and what they see of a person's data (`sight`).

    `key` is what members, invitations and mappings of groups say; it stays when the name changes.
    `sight` is as `config.workspace.roles.sight.read` has it.
    """

    lasts = Bounded(gettext_noop("made by hand"))
    key = models.CharField(max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=60)
    description = models.CharField(_("description"), max_length=300, blank=True)
    permissions = ArrayField(models.CharField(max_length=40), verbose_name=_("permissions"))
    sight = models.JSONField(default=dict)
    revision = models.IntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "custom_role"
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [models.UniqueConstraint(Lower("name"), name="custom_role_name_once")]

    def __str__(self) -> str:
        return self.name
