"""The semantic events whose meaning is known from the start."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# name: (value property, sign, in money, conversion); slot k1 is the category everywhere
MONEY = {
    "Order Completed": (1, True),
    "Order Refunded": (-1, True),
    "Order Cancelled": (-1, True),
}
CATEGORY = (
    "Product Viewed",
    "Product Added",
    "Product List Viewed",
    "Cart Added",
    *MONEY,
)
CONVERSIONS = ("Signed Up", "Checkout Started")


def define(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Write the definitions; `ready` is true, since no event is there yet to be back-filled."""
    model = apps.get_model("profiles", "EventDefinition")
    slot = {"category": {"slot": "k1", "ready": True}}
    rows = []
    for name in dict.fromkeys((*CATEGORY, *CONVERSIONS)):
        sign, money = MONEY.get(name, (1, False))
        rows.append(
            model(
                name=name,
                value_property="revenue" if money else "",
                value_sign=sign,
                is_money=money,
                is_conversion=money or name in CONVERSIONS,
                slots=slot if name in CATEGORY else {},
            )
        )
    model.objects.bulk_create(rows)


class Migration(migrations.Migration):
    """Data only; undoing leaves the table empty with its schema."""

    dependencies = [("profiles", "0002_months")]

    operations = [migrations.RunPython(define, migrations.RunPython.noop)]
