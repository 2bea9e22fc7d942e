"""By which providers people can come in now."""

from django.db.models import QuerySet

from config.workspace.models import IdentityProvider
from config.workspace.sso.saml.addresses import is_installed


def offered() -> QuerySet[IdentityProvider]:
    """Those that are switched on; by SAML where its extra is here."""
    rows = IdentityProvider.objects.filter(is_active=True)
    return rows if is_installed() else rows.exclude(kind=IdentityProvider.Kind.SAML)
