"""Which kind of data the usual names are of, and usual names of what people write themselves."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

KINDS = {
    "name": (
        "displayname familyname firstname fullname givenname lastname middlename name nickname "
        "recipient surname to childname guardianname kidname parentname"
    ),
    "email": "email emailaddress mail guardianemail parentemail",
    "phone": "cell cellphone fax mobile msisdn phone phonenumber tel telephone whatsapp",
    "address": (
        "address address1 address2 billingaddress ip ipaddress lat latitude lng location lon "
        "longitude postalcode postcode shippingaddress street streetaddress zip zipcode"
    ),
}
# what somebody wrote in words of their own
TEXT = (
    "aboutme bio complaint giftmessage instructions message messagetext note notes question "
    "reviewtext transcript"
)
TEXT_ENDINGS = "comment comments feedback freetext remark remarks"


def say(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Name them; what an installation says of a name itself stays."""
    model = apps.get_model("profiles", "UsualName")
    for kind, names in KINDS.items():
        model.objects.filter(name__in=names.split(), is_personal=True).update(kind=kind)
    model.objects.bulk_create(
        (
            model(place="", name=name, is_personal=True, is_ending=is_ending, kind="text")
            for names, is_ending in ((TEXT, False), (TEXT_ENDINGS, True))
            for name in names.split()
        ),
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    """Data only."""

    dependencies = [("profiles", "0012_kinds_of_fields")]

    operations = [migrations.RunPython(say, migrations.RunPython.noop)]
