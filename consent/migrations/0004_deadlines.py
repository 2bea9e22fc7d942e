"""By when laws want an answer; rows, so that an officer can change them."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

GDPR = "Regulation (EU) 2016/679, article 12(3)"
CCPA = "California Code of Regulations, title 11, sections 7021 and 7026 to 7028"
PDP = "Indonesia, Law 27 of 2022"
DPDP = "India, Digital Personal Data Protection Rules 2025"
# law, type, confirm, its unit, answer, its unit, extension, its unit, moves past free days, where
ROWS = [
    ("gdpr", "", 0, "business_day", 1, "month", 2, "month", True, GDPR),
    ("ccpa", "", 10, "business_day", 45, "day", 45, "day", False, CCPA),
    ("ccpa", "opt_out_of_sale", 0, "business_day", 15, "business_day", 0, "day", False, CCPA),
    ("ccpa", "limit_sensitive", 0, "business_day", 15, "business_day", 0, "day", False, CCPA),
    ("pdp", "", 0, "business_day", 1, "month", 0, "month", False, f"{PDP}: none named; our own"),
    ("pdp", "access", 0, "business_day", 72, "hour", 0, "hour", False, PDP),
    ("pdp", "rectification", 0, "business_day", 72, "hour", 0, "hour", False, PDP),
    ("pdp", "restriction", 0, "business_day", 72, "hour", 0, "hour", False, PDP),
    ("pdp", "objection", 0, "business_day", 72, "hour", 0, "hour", False, PDP),
    ("dpdp", "", 0, "business_day", 90, "day", 0, "day", False, DPDP),
    ("other", "", 0, "business_day", 1, "month", 0, "month", True, "Our own promise"),
]
COLUMNS = (
    "regulation", "type", "confirm_n", "confirm_unit", "due_n", "due_unit", "extend_n",
    "extend_unit", "moves", "origin",
)  # fmt: skip


def make(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Write them."""
    model = apps.get_model("consent", "DeadlineRule")
    model.objects.bulk_create(model(**dict(zip(COLUMNS, row, strict=True))) for row in ROWS)


class Migration(migrations.Migration):
    """Data only."""

    dependencies = [("consent", "0003_privacy_requests")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
