"""Who may do what: users with roles, API keys with scopes, kept secrets."""

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from config.workspace.tables.lasting import Bounded, Until


class Role(models.TextChoices):
    """Roles that are built in; `config.workspace.permissions` says what each may do."""

    MARKETER = "marketer", _("Marketer")
    ANALYST = "analyst", _("Analyst")
    PRIVACY_OFFICER = "privacy_officer", _("Privacy officer")
    SERVICE_REP = "service_rep", _("Service rep")
    INTEGRATOR = "integrator", _("Integrator")
    ADMIN = "admin", _("Admin")


class User(AbstractUser):
    """Someone who works in the console."""

    lasts = Bounded("people of the team")
    # a key of `permissions.role_choices`: built in, or of a CustomRole
    role = models.CharField(_("role"), max_length=40, default=Role.MARKETER)
    locale = models.CharField(_("language"), max_length=16, default="", blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="", blank=True)
    # raised to end every session of theirs: it is part of what a session is signed with
    sessions_ended = models.IntegerField(default=0, editable=False)

    class Meta:
        db_table = "user"
        verbose_name = _("team member")
        verbose_name_plural = _("team members")

    def save(self, *args: object, **kwargs: object) -> None:
        """A superuser (`createsuperuser`) is an admin; everyone of the team sees the console."""
        if self.is_superuser:
            self.role = Role.ADMIN
        self.is_staff = True
        self.is_new = self._state.adding  # for `passwords.RecordChange`
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must hold to go on: it ends with the password, and when it is ended."""
        own: str = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        return f"{own}{self.sessions_ended}" if self.sessions_ended else own


class ApiKey(models.Model):
    """A key of the management API; only its digest is kept."""

    lasts = Bounded("made by hand; a key that was taken back stays for the audit trail")
    name = models.CharField(_("name"), max_length=200, unique=True)
    hint = models.CharField(_("begins with"), max_length=12, editable=False)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name=_("scopes"))
    # a CustomRole whose view of people it has; without one, and without the scope, all is masked
    sight_role = models.CharField(_("sees people as"), max_length=40, blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    rotated_at = models.DateTimeField(_("renewed"), null=True, editable=False)
    # of the value before the last renewal, which works until then
    previous_digest = models.BinaryField(max_length=32, null=True, unique=True, editable=False)
    previous_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        db_table = "api_key"
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return self.name


class AccessLink(models.Model):
    """A link that lets somebody in once: an invitation to the team, or a way to a new password.

    The link itself is kept nowhere: it is made of the row (`access.links`), by a key of ours.
    """

    lasts = Until("its time has been over for so long", "access_links", "ACCESS_LINK_DAYS")

    class Kind(models.TextChoices):
        """What it opens."""

        INVITATION = "invitation", _("Invitation")
        RESET = "reset", _("New password")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    # to whom it goes; of a reset that somebody asked for, what they typed until it is looked up
    email = models.CharField(_("email address"), max_length=254, blank=True)
    role = models.CharField(_("role"), max_length=40, blank=True)  # of an invitation
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="access_links")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_by_key = models.ForeignKey(ApiKey, models.SET_NULL, null=True, related_name="+")
    language = models.CharField(max_length=16, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    round = models.IntegerField(default=0)  # counts the links made of it: the newest alone works
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "access_link"
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                condition=models.Q(kind="invitation", used_at=None, revoked_at=None),
                name="access_link_one_invitation",
            )
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=models.Q(kind="reset", user=None),
                name="access_link_asked",
            ),
            models.Index(fields=["expires_at"], name="access_link_expires"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class SeenSession(models.Model):
    """A session as its user is shown it; `mark` is of the hash that it is signed with."""

    lasts = Until("its session is over", "seen_sessions")
    user = models.ForeignKey(User, models.CASCADE, related_name="seen_sessions")
    session_key = models.CharField(max_length=40, unique=True)
    mark = models.CharField(max_length=16)
    browser = models.CharField(max_length=20, blank=True)
    system = models.CharField(max_length=20, blank=True)
    address = models.CharField(max_length=45, blank=True)  # the network alone
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "seen_session"

    def __str__(self) -> str:
        return f"{self.user_id} {self.browser}"


class SignInAttempt(models.Model):
    """Failed log-ins of a name, an address or both since a moment; keyed digests, no values.

    `succeeded_at` says that the owner of the name came in from there.
    """

    lasts = Until("its time is over, or nobody came in from there for long", "sign_in_attempts")
    kind = models.CharField(max_length=12)
    digest = models.BinaryField(max_length=16)
    failures = models.IntegerField()
    since = models.DateTimeField()
    last_at = models.DateTimeField()
    succeeded_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)  # a lock-out is recorded once

    class Meta:
        db_table = "sign_in_attempt"
        constraints = [
            models.UniqueConstraint(fields=["kind", "digest"], name="sign_in_attempt_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.failures}"


class Secret(models.Model):
    """A key of ours, encrypted with SECRETS_KEY: of public tokens, later of providers."""

    lasts = Bounded("made by hand; old keys open the links in old mails")
    purpose = models.CharField(max_length=40)
    key_id = models.CharField(max_length=16, unique=True)
    ciphertext = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)
    valid_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "secret"

    def __str__(self) -> str:
        return f"{self.purpose} {self.key_id}"
