"""The ready-made purposes (docs/integrators/rest.md)."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

PURPOSES = [
    (
        "service",
        "Service",
        "transactional",
        "Orders, deliveries, answers to your questions.",
    ),
    ("marketing", "Marketing", "marketing", "News and offers."),
    (
        "measuring",
        "Measuring",
        "processing",
        "Seeing whether a message was opened or clicked.",
    ),
    (
        "personalisation",
        "Personalisation",
        "processing",
        "Fitting content to what you do.",
    ),
    (
        "sharing-for-ads",
        "Sharing for ads",
        "processing",
        "Sharing data with advertisers.",
    ),
]


def make(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Write the five."""
    model = apps.get_model("consent", "Purpose")
    model.objects.bulk_create(
        model(
            slug=slug,
            name=name,
            purpose_class=purpose_class,
            description=description,
            is_ready_made=True,
            position=position,
        )
        for position, (slug, name, purpose_class, description) in enumerate(PURPOSES)
    )


class Migration(migrations.Migration):
    """Data only."""

    dependencies = [("consent", "0001_tables")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
