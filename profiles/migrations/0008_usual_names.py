"""The usual names of personal and of harmless data, as rows: what an installation begins with."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

PERSONAL = (
    "address address1 address2 avatar billingaddress birthdate birthday cell cellphone contact "
    "dateofbirth displayname dob email emailaddress familyname fax firstname fullname givenname "
    "iban ip ipaddress ktp lastname lat latitude lng location lon longitude mail middlename "
    "mobile msisdn name nickname nik npwp passport phone phonenumber photo postalcode postcode "
    "pushtoken recipient shippingaddress ssn street streetaddress surname taxid tel telephone "
    "to username whatsapp zip zipcode"
)
# personal too where a name ends in them, as contact_email and billingPhone do
ENDINGS = (
    "birthdate birthday dateofbirth dob email emailaddress familyname firstname fullname iban "
    "ipaddress lastname passport phone phonenumber postalcode ssn surname taxid telephone "
    "whatsapp zipcode"
)
# shared by many or about things: Segment's commerce and campaign words, and what a device says
HARMLESS = (
    "affiliation amount appversion brand browser build campaign campaignid campaignname "
    "campaignslug cartid categories category channel checkoutid city color colour cost count "
    "country countrycode coupon createdat currency department device devicetype discount "
    "emailfrequency emailssent experiment favoritecategory favouritecategory firstseen "
    "homestore industry kind language lastseen level lifecycle lifetimevalue linkurl listid "
    "locale manufacturer medium messageid method model newsletter ordercount orderid orders os "
    "path paymentmethod plan platform position price productid productname products profit "
    "province purpose quantity rating region revenue reviewid score sessions shipping "
    "shippingmethod shoesize size sku smartphone source stage status step store subcategory "
    "subtotal tax tier timezone topic topics total type updatedat url utmcampaign utmcontent "
    "utmmedium utmsource utmterm value variant variation version"
)
# Regulation (EU) 2016/679, articles 9 and 10
SPECIAL = (
    "allergies allergy biometric biometrics bloodtype criminalrecord diagnosis disability "
    "disease dna ethnicity ethnicorigin faceprint fingerprint geneticdata healthcondition "
    "illness ispregnant medicalhistory medication politicalopinion politicalparty pregnancy "
    "pregnant racialorigin religion religiousbelief sexlife sexualorientation tradeunion "
    "unionmembership"
)
# the same, articles 6(1)(f) and 8
CHILD = (
    "childage childbirthdate childbirthday childname childschool guardianemail guardianname "
    "isminor isunder13 isunder16 kidage kidname parentalconsent parentemail parentname "
    "schoolname"
)
# harmless where they stand
OF_PLACE = {
    "evidence": (
        "act call collectionpoint formversion identifiers kind kinds method page place "
        "rule signal source traits version word "
    ),
    "identifier": "anonymousid deviceid rapportid userid",
    "page": "category name path referrer url",
    "product": "name",
    "property": "campaign.name items.name product.name products.name",
    "trait": (
        "profile.country profile.firstseen profile.lastseen profile.lifecycle "
        "profile.locale profile.timezone "
    ),
}


def make(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Write them."""
    model = apps.get_model("profiles", "UsualName")
    rows = {}
    for words, fields in (
        (HARMLESS, {"is_personal": False}),
        (PERSONAL, {"is_personal": True}),
        (ENDINGS, {"is_personal": True, "is_ending": True}),
        (SPECIAL, {"is_personal": True, "is_ending": True, "sensitivity": "special"}),
        (CHILD, {"is_personal": True, "is_ending": True, "sensitivity": "child"}),
    ):
        for name in words.split():
            rows["", name] = fields
    for place, words in OF_PLACE.items():
        for name in words.split():
            rows[place, name] = {"is_personal": False}
    model.objects.bulk_create(
        model(place=place, name=name, **fields) for (place, name), fields in sorted(rows.items())
    )


class Migration(migrations.Migration):
    """Data only."""

    dependencies = [("profiles", "0007_sensitive_fields")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
