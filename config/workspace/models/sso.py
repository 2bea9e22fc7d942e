"""Where people of the team may sign in instead of here."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from config.workspace.tables.lasting import Bounded


class IdentityProvider(models.Model):
    """An OpenID provider, and which of its groups work here as what.

    `mapping` is a list of [group, role]; the first group that somebody is in decides.
    """

    lasts = Bounded("made by hand")
    slug = models.SlugField(_("slug"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=100)
    issuer = models.CharField(_("issuer"), max_length=500)
    client_id = models.CharField(_("client id"), max_length=200, blank=True)
    sealed_secret = models.BinaryField(default=b"", editable=False)
    domains = ArrayField(
        models.CharField(max_length=253), default=list, blank=True, verbose_name=_("domains")
    )
    groups_claim = models.CharField(_("claim with the groups"), max_length=200, default="groups")
    mapping = models.JSONField(_("groups and roles"), default=list, blank=True)
    default_role = models.CharField(_("role of everybody else"), max_length=40, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "identity_provider"
        ordering = ["name"]
        verbose_name = _("identity provider")
        verbose_name_plural = _("identity providers")

    def __str__(self) -> str:
        return self.name
