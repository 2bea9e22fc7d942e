"""Names that only public keys said: how many a source made today, and which are old."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two partial indexes of small tables: what a source of ours said is not in them."""

    dependencies = [("profiles", "0023_links_and_history")]

    operations = [
        migrations.AddIndex(
            model_name="eventdefinition",
            index=models.Index(
                condition=models.Q(("is_proven", False)),
                fields=["made_by_id", "made_at"],
                name="event_name_made_up",
            ),
        ),
        migrations.AddIndex(
            model_name="traitname",
            index=models.Index(
                condition=models.Q(("is_proven", False)),
                fields=["made_by_id", "made_at"],
                name="trait_name_made_up",
            ),
        ),
    ]
