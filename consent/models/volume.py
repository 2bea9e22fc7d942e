"""How often somebody wants to be written to: a choice beside yes and no."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.workspace.tables.belonging import Apart, Belonging, Erased, Merged
from config.workspace.tables.lasting import Bounded
from config.workspace.tables.schema import ProfileScoped


class OwnLimit(ProfileScoped):
    """At most `count` marketing messages on a channel within `per_days` days, by the person.

    It goes with the address that it was said of (`identifier_id`, 0 where that is not theirs).
    Of several the strictest holds. The ledger says when it was chosen, and in which words.
    """

    belongs = Belonging(Merged.MOVED, Apart.BY_IDENTIFIER, Erased.ERASED, at_once=True)
    lasts = Bounded(gettext_noop("one row for each limit that was chosen, until it is chosen anew"))
    id = models.BigAutoField(primary_key=True)
    profile = models.ForeignKey("profiles.Profile", models.CASCADE, db_index=False)
    identifier_id = models.BigIntegerField(default=0)
    channel = models.TextField()
    count = models.PositiveSmallIntegerField()
    per_days = models.PositiveSmallIntegerField()
    set_at = models.DateTimeField()

    class Meta:
        db_table = "own_limit"
        verbose_name = _("limit of a person's own")
        verbose_name_plural = _("limits of people's own")

    def __str__(self) -> str:
        return f"{self.count} / {self.per_days}"
