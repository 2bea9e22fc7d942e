"""Names of traits, properties and identifiers that are personal, or harmless.

They are only where one begins: what an admin says in the catalogue (`tags`) goes before. A name in
neither list is unknown, and whoever may not see personal data is not shown it.
"""

import re
from enum import StrEnum
from functools import lru_cache


class FieldPlace(StrEnum):
    """Where a name stands; the same word may be a person's in one and a product's in another."""

    TRAIT = "trait"
    PROPERTY = "property"
    IDENTIFIER = "identifier"
    PAGE = "page"  # properties of page and screen calls: `name` is the page's
    PRODUCT = "product"  # properties of an event about one product: `name` is the product's
    EVIDENCE = "evidence"  # of a permission or a join


class Nature(StrEnum):
    """What is known of a name."""

    PERSONAL = "personal"
    HARMLESS = "harmless"
    UNKNOWN = "unknown"


PERSONAL_NAMES = {
    *("email", "emailaddress", "mail", "phone", "phonenumber", "mobile", "tel", "telephone"),
    *("whatsapp", "msisdn", "fax", "cell", "cellphone", "contact", "recipient", "to"),
    *("name", "fullname", "firstname", "lastname", "middlename", "surname", "givenname"),
    *("familyname", "username", "nickname", "displayname", "birthday", "birthdate"),
    *("dateofbirth", "dob", "address", "street", "streetaddress", "address1", "address2"),
    *("billingaddress", "shippingaddress", "postalcode", "postcode", "zip", "zipcode"),
    *("avatar", "photo", "ip", "ipaddress", "ssn", "taxid", "iban", "passport", "latitude"),
    *("longitude", "lat", "lng", "lon", "location", "nik", "ktp", "npwp", "pushtoken"),
}
# personal too where a name ends in them, as contact_email and billingPhone do
PERSONAL_ENDINGS = {
    *("email", "emailaddress", "phone", "phonenumber", "telephone", "whatsapp", "birthday"),
    *("birthdate", "dateofbirth", "dob", "firstname", "lastname", "fullname", "surname"),
    *("familyname", "ipaddress", "ssn", "taxid", "iban", "passport", "postalcode", "zipcode"),
}
# shared by many or about things: Segment's commerce and campaign words, and what a device says
HARMLESS_NAMES = {
    *("plan", "tier", "level", "status", "stage", "lifecycle", "type", "kind", "category"),
    *("categories", "subcategory", "favouritecategory", "favoritecategory", "department"),
    *(
        "city",
        "region",
        "province",
        "country",
        "countrycode",
        "currency",
        "locale",
        "language",
        "timezone",
        "industry",
    ),
    *("revenue", "total", "subtotal", "value", "price", "amount", "quantity", "tax", "shipping"),
    *("discount", "cost", "coupon", "profit", "lifetimevalue", "orders", "ordercount"),
    *("orderid", "checkoutid", "cartid", "productid", "sku", "brand", "variant", "position"),
    *("listid", "affiliation", "paymentmethod", "shippingmethod", "method", "step", "reviewid"),
    *("products", "productname", "size", "shoesize", "colour", "color", "rating", "score"),
    *("campaign", "campaignname", "campaignid", "campaignslug", "source", "medium", "channel"),
    *("utmsource", "utmmedium", "utmcampaign", "utmterm", "utmcontent", "variation", "experiment"),
    *("platform", "os", "browser", "device", "devicetype", "model", "manufacturer", "version"),
    *("appversion", "build", "count", "emailssent", "emailfrequency", "sessions"),
    *("newsletter", "createdat", "updatedat", "firstseen", "lastseen", "homestore", "store"),
    *("linkurl", "url", "path", "messageid", "purpose", "topic", "topics", "smartphone"),
}
_OF_PLACE: dict[FieldPlace, set[str]] = {
    FieldPlace.TRAIT: {"profile.country", "profile.locale", "profile.timezone", "profile.lifecycle"}
    | {"profile.firstseen", "profile.lastseen"},
    FieldPlace.PROPERTY: {"products.name", "campaign.name", "product.name", "items.name"},
    FieldPlace.IDENTIFIER: {"userid", "anonymousid", "rapportid", "deviceid"},
    FieldPlace.PAGE: {"name", "path", "category", "url", "referrer"},
    FieldPlace.PRODUCT: {"name"},
    FieldPlace.EVIDENCE: {
        "act",
        "kind",
        "kinds",
        "signal",
        "rule",
        "call",
        "traits",
        "word",
        "source",
    }
    | {"identifiers", "collectionpoint", "place", "page", "version", "formversion", "method"},
}
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+|[^\W_]+")
_MOST = 20_000  # names of one process


def plain(name: str) -> str:
    """Without letter case, space, dash and underscore; dots part the steps of a nested name."""
    return re.sub(r"[\s_-]", "", name).lower()


@lru_cache(_MOST)
def is_personal_name(name: str) -> bool:
    """Whether the name by itself says that it holds personal data. The lists alone, no tags."""
    if plain(name).replace(".", "") in PERSONAL_NAMES:
        return True
    steps = plain(name).split(".")
    if any(step in PERSONAL_NAMES for step in steps[:-1]):
        return True
    words = [word.lower() for word in _WORD.findall(name)]
    return any("".join(words[start:]) in PERSONAL_ENDINGS for start in range(1, len(words)))


@lru_cache(_MOST)
def usual_nature(place: FieldPlace, name: str) -> Nature:
    """What the lists say of a name; a nested one is harmless where each step of its way is."""
    path = plain(name)
    if path in _OF_PLACE[place]:
        return Nature.HARMLESS
    if is_personal_name(name) or path.rpartition(".")[2] in PERSONAL_NAMES:
        return Nature.PERSONAL
    if place is FieldPlace.IDENTIFIER:
        return Nature.UNKNOWN
    is_harmless = all(step in HARMLESS_NAMES for step in path.split("."))
    return Nature.HARMLESS if is_harmless else Nature.UNKNOWN
