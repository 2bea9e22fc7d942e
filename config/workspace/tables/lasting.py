"""How long the rows of a table stay: said on its model, as `lasts`.

A test walks all tables and fails where one says nothing, or names a job or a setting that is not
there. What is taken away after a time goes in small portions (`config.workspace.work.pruning`).
Its words are kept in English (`gettext_noop`), and said to a person in their language.
"""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext, ngettext


@dataclass(frozen=True)
class ForEver:
    """The rows stay, and why."""

    why: str

    def in_words(self) -> str:
        """For whom the rows are about, in the language that is active."""
        return gettext("no end is set: %(why)s") % {"why": gettext(self.why)}


@dataclass(frozen=True)
class Bounded:
    """The table does not grow with time alone: by what it is bounded, or what ends its rows."""

    by: str

    def in_words(self) -> str:
        """For whom the rows are about, in the language that is active."""
        return gettext("while it is in use: %(why)s") % {"why": gettext(self.by)}


@dataclass(frozen=True)
class Until:
    """Rows stay until this rule takes them away."""

    rule: str
    pruner: str  # its name at `PRUNERS`
    setting: str = ""  # how long, or how many; "" where nobody has a reason to change it

    def in_words(self) -> str:
        """For whom the rows are about, in the language that is active."""
        rule, period = gettext(self.rule), self._period()
        return f"{rule}: {period}" if period else rule

    def _period(self) -> str:
        """How long "so long" is; "" where it is no time."""
        n = getattr(settings, self.setting, 0) if self.setting else 0
        if self.setting.endswith("_DAYS"):
            return ngettext("%(n)s day", "%(n)s days", n) % {"n": n}
        if self.setting.endswith("_MONTHS"):
            return ngettext("%(n)s month", "%(n)s months", n) % {"n": n}
        return ""


Lasting = ForEver | Bounded | Until

# tables of Django's own
FOREIGN: dict[str, Lasting] = {
    "django_session": Until("an hour after it ended", "sessions"),
    "django_admin_log": Bounded("nobody writes it: the audit trail stands in its place"),
    "django_content_type": Bounded("a row a model"),
    "auth_permission": Bounded("four rows a model"),
    "auth_group": Bounded("nobody writes it: roles stand in its place"),
    "auth_group_permissions": Bounded("nobody writes it"),
    "account_emailaddress": Bounded("of people of the team"),
    "account_emailconfirmation": Bounded("nobody writes it: addresses are confirmed otherwise"),
    "socialaccount_socialaccount": Bounded("by which provider people of the team come in"),
    "socialaccount_socialapp": Bounded("nobody writes it: identity_provider stands in its place"),
    "socialaccount_socialtoken": Bounded("nobody writes it: no token is kept"),
    "mfa_authenticator": Bounded("second factors of people of the team"),
    "user_groups": Bounded("nobody writes it"),
    "user_user_permissions": Bounded("nobody writes it"),
}
