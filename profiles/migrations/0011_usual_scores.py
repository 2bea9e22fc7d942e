"""Usual names of what is worked out about people: who objected to profiling is not found by them."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

NAMES = (
    "churnprobability churnrisk churnscore engagementscore fraudscore healthscore leadscore "
    "nextbestaction nextbestoffer predictedclv predictedltv predictedvalue propensity "
    "propensityscore rfm rfmgroup rfmscore rfmsegment riskscore creditscore"
)


def make(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Those that are not there yet."""
    model = apps.get_model("profiles", "UsualName")
    known = set(model.objects.filter(place="").values_list("name", flat=True))
    model.objects.bulk_create(
        model(place="", name=name, is_personal=True, sensitivity="score")
        for name in NAMES.split()
        if name not in known
    )


def unmake(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Away with them."""
    apps.get_model("profiles", "UsualName").objects.filter(sensitivity="score").delete()


class Migration(migrations.Migration):
    """Data only."""

    dependencies = [("profiles", "0010_scores")]

    operations = [migrations.RunPython(make, unmake)]
