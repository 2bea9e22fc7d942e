"""What colleagues write of a person."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.workspace.tables.belonging import Apart, Belonging, Erased, Merged
from config.workspace.tables.lasting import ForEver
from config.workspace.tables.schema import ProfileScoped

LONGEST_NOTE = 5_000  # characters


class Note(ProfileScoped):
    """A note on a person: it stays with whom it was written of, by merge and undoing alike.

    `author_id` is a user of ours, who alone may change it; `author_name` is what they were called,
    so that it can be read when they are gone.
    """

    belongs = Belonging(Merged.KEPT, Apart.STAYS, Erased.ERASED)
    lasts = ForEver(gettext_noop("what was noted of a person, until its author takes it away"))
    id = models.BigAutoField(primary_key=True)
    profile_id = models.BigIntegerField()
    author_id = models.BigIntegerField()
    author_name = models.TextField()
    text = models.TextField()
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    revision = models.IntegerField(default=1)

    class Meta:
        db_table = "note"
        verbose_name = _("note")
        verbose_name_plural = _("notes")

    def __str__(self) -> str:
        return f"note {self.pk}"
