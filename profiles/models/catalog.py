"""What is known about events by name, and exchange rates."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.workspace.tables.lasting import Bounded, Until


class SaidName(models.Model):
    """A name that came from outside. What only public keys said comes last in pickers."""

    name = models.TextField(_("name"), unique=True)
    is_proven = models.BooleanField(_("said by a source of ours"), default=True)
    is_hidden = models.BooleanField(
        _("hidden"), default=False, help_text=_("Pickers do not offer it. What came in stays.")
    )
    made_by_id = models.BigIntegerField(null=True)  # the source that said it first
    made_at = models.DateTimeField(_("first seen"), null=True)

    class Meta:
        abstract = True
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


def made_up_by(name: str) -> models.Index:
    """What only public keys said: how many a source made today, and which are old."""
    return models.Index(
        fields=["made_by_id", "made_at"], name=name, condition=models.Q(is_proven=False)
    )


class EventDefinition(SaidName):
    """A name of events that came in, with what its rows mean.

    `slots` maps a property to a slot: {"category": {"slot": "k1", "ready": true}}; rules use a slot
    only where `ready` is true. `schema` is what was seen: {property: {types}}.
    """

    lasts = Until(
        "by a public key alone, not said for so long, and nothing set on it",
        "names",
        "UNPROVEN_NAME_DAYS",
    )
    value_property = models.CharField(_("value from"), max_length=200, blank=True, default="")
    value_sign = models.SmallIntegerField(default=1)
    is_money = models.BooleanField(_("in money"), default=False)
    is_conversion = models.BooleanField(_("conversion"), default=False)
    numbers = ArrayField(
        models.CharField(max_length=200),
        verbose_name=_("properties that are numbers"),
        default=list,
        blank=True,
        help_text=_("Compared as numbers in rules also where they come as texts (“19.90”)."),
    )
    slots = models.JSONField(default=dict)
    schema = models.JSONField(default=dict)
    tags = ArrayField(models.CharField(max_length=60), verbose_name=_("tags"), default=list)
    first_seen = models.DateTimeField(_("first seen"), null=True)
    last_seen = models.DateTimeField(_("last seen"), null=True)

    class Meta(SaidName.Meta):
        db_table = "event_definition"
        indexes = [made_up_by("event_name_made_up")]
        verbose_name = _("event definition")
        verbose_name_plural = _("event definitions")


class TraitName(SaidName):
    """The name of a trait, as it came in."""

    is_number = models.BooleanField(
        _("a number"),
        default=False,
        db_default=False,
        help_text=_("Compared as a number in rules also where it comes as a text (“19.90”)."),
    )
    lasts = Until(
        "so long after a public key made it up; it comes anew when said again",
        "names",
        "UNPROVEN_NAME_DAYS",
    )

    class Meta(SaidName.Meta):
        db_table = "trait_name"
        indexes = [made_up_by("trait_name_made_up")]
        verbose_name = _("trait name")
        verbose_name_plural = _("trait names")


class Sensitivity(models.TextChoices):
    """What of personal data the law guards besides (GDPR, articles 8 to 10, 21 and 22)."""

    NONE = "", _("no more than other data")
    SPECIAL = "special", _("special category: health, belief, origin ...")
    CHILD = "child", _("of a child")
    SCORE = "score", _("worked out about people: a score, a group, a stage")


class KindOfField(models.TextChoices):
    """What personal data is of, for what roles are shown; as `DataKind` has it, one apart."""

    BY_NAME = "", _("as its name says")
    NAME = "name", _("a name")
    EMAIL = "email", _("an email address")
    PHONE = "phone", _("a phone number")
    ADDRESS = "address", _("an address or a place")
    TEXT = "text", _("words of their own")
    OTHER = "other", _("something else")


class UsualName(models.Model):
    """A usual name of personal or harmless data, whoever uses it; `FieldTag` goes before.

    `name` is plain (`personal.names.plain`). `place` "": wherever it stands. `is_ending`: names
    that end in it too, as contact_email does.
    """

    lasts = Bounded("what an installation begins with, and is made by hand")
    place = models.CharField(_("of"), max_length=12, blank=True, default="")
    name = models.CharField(_("name"), max_length=200)
    is_personal = models.BooleanField(_("personal data"))
    is_ending = models.BooleanField(_("also as an ending"), default=False)
    sensitivity = models.CharField(
        _("guarded besides"),
        max_length=8,
        choices=Sensitivity.choices,
        blank=True,
        default=Sensitivity.NONE,
    )
    kind = models.CharField(
        _("kind of data"),
        max_length=8,
        choices=KindOfField.choices,
        blank=True,
        default=KindOfField.BY_NAME,
    )

    class Meta:
        db_table = "usual_name"
        ordering = ["place", "name"]
        verbose_name = _("usual name")
        verbose_name_plural = _("usual names")
        constraints = [
            models.UniqueConstraint(fields=["place", "name"], name="usual_name_once"),
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.name}".strip()


class FieldTag(models.Model):
    """What is decided of what is called so: an officer's word, before the usual names.

    Who may not see personal data is shown, and may ask by, what is known to be harmless alone.
    What is sensitive is asked by of those alone who permitted `purpose` (its slug); without a
    purpose of nobody. A score is asked by of those alone who did not object to profiling.
    """

    lasts = Bounded("made by hand")

    class Place(models.TextChoices):
        """What the name is of."""

        TRAIT = "trait", _("trait")
        PROPERTY = "property", _("property of events")
        IDENTIFIER = "identifier", _("kind of identifier")
        EVENT = "event", _("event")

    place = models.CharField(_("of"), max_length=12, choices=Place)
    name = models.CharField(
        _("name"),
        max_length=200,
        help_text=_("As it comes in; nested ones as address.city. Letter case says nothing."),
    )
    is_personal = models.BooleanField(
        _("personal data"),
        default=True,
        help_text=_("Hidden from roles without the right to see personal data."),
    )
    sensitivity = models.CharField(
        _("guarded besides"),
        max_length=8,
        choices=Sensitivity.choices,
        blank=True,
        default=Sensitivity.NONE,
    )
    kind = models.CharField(
        _("kind of data"),
        max_length=8,
        choices=KindOfField.choices,
        blank=True,
        default=KindOfField.BY_NAME,
        help_text=_("Which roles are shown it: they say so by kind of data."),
    )
    purpose = models.CharField(
        _("used for"),
        max_length=60,
        blank=True,
        default="",
        help_text=_(
            "The slug of a purpose. Special-category and child data are read of those alone who"
            " permitted it; without one, of nobody."
        ),
    )
    basis = models.CharField(
        _("legal basis"),
        max_length=300,
        blank=True,
        default="",
        help_text=_("Why it is held, for the register of processing."),
    )

    class Meta:
        db_table = "field_tag"
        ordering = ["place", "name"]
        verbose_name = _("personal data tag")
        verbose_name_plural = _("personal data tags")
        constraints = [
            models.UniqueConstraint(fields=["place", "name"], name="field_tag_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_place_display()} {self.name}"


class ExchangeRate(models.Model):
    """What one unit of a currency was worth in workspace currency from `day` on; editable."""

    lasts = Bounded("made by hand")
    currency = models.CharField(_("currency"), max_length=3)
    day = models.DateField(_("from"))
    rate = models.FloatField(_("one unit in workspace currency"))

    class Meta:
        db_table = "exchange_rate"
        ordering = ["currency", "-day"]
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        constraints = [
            models.UniqueConstraint(fields=["currency", "day"], name="exchange_rate_once"),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="exchange_rate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.day}"


class DataWarning(models.Model):
    """Something about the data that is kept but cannot be used: counted, not repeated."""

    lasts = Until(
        gettext_noop("so long after it was last met; 200 of a source and code"),
        "data_warnings",
        "DATA_WARNING_DAYS",
    )
    source = models.ForeignKey(
        "profiles.Source", models.CASCADE, verbose_name=_("source"), db_constraint=False
    )
    code = models.CharField(_("what"), max_length=40)  # unknown_currency, value_not_a_number
    event_name = models.TextField(_("event"), blank=True, default="")
    detail = models.CharField(_("detail"), max_length=200, blank=True, default="")
    # what was sent, of late; kept as long as refused calls are (REJECTION_DAYS)
    example = models.CharField(_("for example"), max_length=100, blank=True, default="")
    count = models.BigIntegerField(_("times"), default=0)
    first_seen = models.DateTimeField(_("first seen"))
    last_seen = models.DateTimeField(_("last seen"))

    class Meta:
        db_table = "data_warning"
        ordering = ["-last_seen", "-id"]
        verbose_name = _("data warning")
        verbose_name_plural = _("data warnings")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "code", "event_name", "detail"], name="data_warning_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.detail}"
