"""By when laws want whom to be told of an incident; rows, so that an officer can change them."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

EEA = [
    "AT",
    "BE",
    "BG",
    "CY",
    "CZ",
    "DE",
    "DK",
    "EE",
    "ES",
    "FI",
    "FR",
    "GR",
    "HR",
    "HU",
    "IE",
    "IS",
    "IT",
    "LI",
    "LT",
    "LU",
    "LV",
    "MT",
    "NL",
    "NO",
    "PL",
    "PT",
    "RO",
    "SE",
    "SI",
    "SK",
]
NO_RISK = "unless it is unlikely to be a risk to them"
HIGH_RISK = "where the risk to them is likely to be high"
GDPR, UK = "GDPR (European Economic Area)", "UK GDPR"
REGULATION = "Regulation (EU) 2016/679, article"
DPDP, RULES = "DPDP (India)", "Digital Personal Data Protection Rules 2025, rule 7"
PDP, LAW = "UU PDP (Indonesia)", "Law 27 of 2022, article 46"
CCPA, CODE = "California", "California Civil Code, section 1798.82"
# law, countries, whom, within, unit, from so many people on, when, where it stands
ROWS = [
    (GDPR, EEA, "authority", 72, "hour", 1, NO_RISK, f"{REGULATION} 33"),
    (GDPR, EEA, "people", 0, "", 1, HIGH_RISK, f"{REGULATION} 34"),
    (UK, ["GB"], "authority", 72, "hour", 1, NO_RISK, "UK GDPR, article 33"),
    (UK, ["GB"], "people", 0, "", 1, HIGH_RISK, "UK GDPR, article 34"),
    (DPDP, ["IN"], "authority", 72, "hour", 1, "first word at once", RULES),
    (DPDP, ["IN"], "people", 0, "", 1, "", RULES),
    (PDP, ["ID"], "authority", 72, "hour", 1, "3 x 24 hours, in writing", LAW),
    (PDP, ["ID"], "people", 72, "hour", 1, "3 x 24 hours, in writing", LAW),
    (CCPA, ["US"], "people", 30, "day", 1, "who lives in California", CODE),
    (CCPA, ["US"], "authority", 45, "day", 501,
     "15 days after the people, where more than 500 live in California", CODE),
]  # fmt: skip
COLUMNS = (
    "law", "countries", "told", "within_n", "within_unit", "least", "condition", "origin",
)  # fmt: skip


def make(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Write them."""
    model = apps.get_model("consent", "BreachClock")
    model.objects.bulk_create(model(**dict(zip(COLUMNS, row, strict=True))) for row in ROWS)


class Migration(migrations.Migration):
    """Data only."""

    dependencies = [("consent", "0020_incidents")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
