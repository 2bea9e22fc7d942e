"""What laws ask for, as rows: by when of requests and incidents, and what stays of everybody."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from config.workspace.forms.audited import AuditedAdmin
from config.workspace.forms.listed import ListWords
from consent.models import BreachClock, DeadlineRule, ErasureDuty
from consent.models.exceptions import DataClass
from consent.privacy.words import period_in_words


@admin.register(DeadlineRule)
class DeadlineRuleAdmin(AuditedAdmin):
    """By when each law wants an answer."""

    words = ListWords(
        title=_("Deadlines"),
        lead=_("By when each law wants a request to be answered."),
        counted=lambda n: ngettext("%(n)s deadline", "%(n)s deadlines", n),
        new=_("New deadline"),
        none=_("No deadline yet"),
        gone=_("Requests under it follow the row for all other types then."),
    )

    list_display = ("regulation", "type_words", "answer", "extension")
    list_filter = ("regulation",)
    nothing_chosen = {"type": _("all others")}  # noqa: RUF012 - as Django has it
    fieldsets = (
        (None, {"fields": ("regulation", "type")}),
        (_("Confirm"), {"fields": (("confirm_n", "confirm_unit"),)}),
        (_("Answer"), {"fields": (("due_n", "due_unit"), "moves")}),
        (_("Extend"), {"fields": (("extend_n", "extend_unit"), "origin")}),
    )

    @admin.display(description=_("type"), ordering="type")
    def type_words(self, rule: DeadlineRule) -> str:
        """The type, or all that have no row of their own."""
        return rule.get_type_display() if rule.type else gettext("all others")

    @admin.display(description=_("answer within"))
    def answer(self, rule: DeadlineRule) -> str:
        """A number and its unit."""
        return period_in_words(rule.due_n, rule.due_unit)

    @admin.display(description=_("may be extended by"))
    def extension(self, rule: DeadlineRule) -> str:
        """A number and its unit, or that there is none."""
        if not rule.extend_n:
            return gettext("no extension")
        return period_in_words(rule.extend_n, rule.extend_unit)


@admin.register(BreachClock)
class BreachClockAdmin(AuditedAdmin):
    """By when each law wants whom to be told of an incident."""

    words = ListWords(
        title=_("Clocks of incidents"),
        lead=_("By when each law wants whom to be told of an incident."),
        counted=lambda n: ngettext("%(n)s clock", "%(n)s clocks", n),
        new=_("New clock"),
        none=_("No clock yet"),
        gone=_("Incidents under this law get no such deadline any more."),
    )

    list_display = ("law", "told", "within", "least", "condition_words")
    list_filter = ("told",)

    @admin.display(description=_("when"), ordering="condition")
    def condition_words(self, clock: BreachClock) -> str:
        """In the reader's language, where it came along."""
        return clock.when_words

    @admin.display(description=_("within"))
    def within(self, clock: BreachClock) -> str:
        """A number and its unit, or at once."""
        if not clock.within_n:
            return gettext("without delay")
        return period_in_words(clock.within_n, clock.within_unit)


@admin.register(ErasureDuty)
class ErasureDutyAdmin(AuditedAdmin):
    """What stays after every erasure."""

    words = ListWords(
        title=_("Kept by law"),
        lead=_("What stays after every erasure, on which ground, and for how long."),
        counted=lambda n: ngettext("%(n)s duty", "%(n)s duties", n),
        new=_("New duty to keep"),
        none=_("Nothing stays after an erasure"),
        gone=_("Erasures from now on take this data too."),
    )

    empty_text = _(
        "Invoices for ten years, by tax law: what stands here stays after every erasure, on its "
        "ground, and goes when its time is over. Without a row, all of a person goes."
    )
    list_display = ("data_class", "ground", "because", "months", "is_on")
    fieldsets = ((None, {"fields": ("data_class", "ground", "because", "months", "is_on")}),)

    def formfield_for_choice_field(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Not everything: then nobody could ever be erased."""
        if db_field.name == "data_class":
            kwargs["choices"] = [one for one in DataClass.choices if one[0] != DataClass.EVERYTHING]
        return super().formfield_for_choice_field(db_field, request, **kwargs)
