"""Where people of the team may sign in instead of here."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from config.workspace.tables.lasting import Bounded, Until


class IdentityProvider(models.Model):
    """A provider by OpenID Connect or SAML 2.0, and which of its groups work here as what.

    `mapping` is a list of [group, role]; the first group that somebody is in decides. A claim is
    an attribute of SAML.
    """

    lasts = Bounded("made by hand")

    class Kind(models.TextChoices):
        """How it says who somebody is."""

        OIDC = "oidc", _("OpenID Connect")
        SAML = "saml", _("SAML 2.0")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.OIDC)
    slug = models.SlugField(_("slug"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=100)
    issuer = models.CharField(_("issuer"), max_length=500)
    client_id = models.CharField(_("client id"), max_length=200, blank=True)
    sealed_secret = models.BinaryField(default=b"", editable=False)
    sso_url = models.CharField(max_length=2000, blank=True, editable=False)  # of SAML
    certificates = models.TextField(blank=True, editable=False)  # of SAML: PEM, one or several
    email_claim = models.CharField(_("attribute with the address"), max_length=200, blank=True)
    first_name_claim = models.CharField(
        _("attribute with the first name"), max_length=200, blank=True
    )
    last_name_claim = models.CharField(
        _("attribute with the last name"), max_length=200, blank=True
    )
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


class TakenAssertion(models.Model):
    """An assertion that let somebody in: it lets in nobody else, and nobody again."""

    lasts = Until("nobody would take it any more", "taken_assertions")
    digest = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "taken_assertion"

    def __str__(self) -> str:
        return bytes(self.digest).hex()
