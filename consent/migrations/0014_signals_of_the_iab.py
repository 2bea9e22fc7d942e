"""Which purposes the names of the IAB decide on, for every source that has no rows of its own."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# TCF purposes: 1 storing on a device, 2 to 4 advertisements, 5, 6 and 11 content, 7 measuring
# advertisements, 8 measuring content, 9 understanding audiences, 10 improving services
SIGNALS = {
    "measuring": {"tcf": ("1", "8", "9", "10")},
    "personalisation": {"tcf": ("1", "5", "6", "11")},
    "sharing-for-ads": {
        "tcf": ("1", "2", "3", "4", "7"),
        "gpp": ("SaleOptOut", "SharingOptOut", "TargetedAdvertisingOptOut", "Gpc"),
    },
}


def make(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Write the rows."""
    purposes = dict(apps.get_model("consent", "Purpose").objects.values_list("slug", "pk"))
    model = apps.get_model("consent", "SignalMapping")
    model.objects.bulk_create(
        model(signal=signal, name=name, purpose_id=purposes[slug])
        for slug, signals in SIGNALS.items()
        for signal, names in signals.items()
        for name in names
        if slug in purposes
    )


class Migration(migrations.Migration):
    """Data only."""

    dependencies = [("consent", "0013_signal_mappings")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
