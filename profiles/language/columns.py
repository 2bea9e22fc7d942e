"""The columns of a profile that can be asked by, beside traits."""

from django.utils.translation import gettext as _

PREFIX = "profile."
COLUMNS = {
    "country": "text",
    "locale": "text",
    "time_zone": "text",
    "lifecycle": "text",
    "display_name": "text",
    "first_seen": "time",
    "last_seen": "time",
    "bucket": "number",
}
# nobody announces that these change
SEEN = ("first_seen", "last_seen")
LIFECYCLE = "lifecycle"
BUCKET = "bucket"  # drawn once for each person, 0 to 9999, even over all
# every person has these
ALWAYS = (*SEEN, BUCKET)


def column_label(column: str) -> str:
    """A column's name on screens."""
    return {
        "country": _("country"),
        "locale": _("language"),
        "time_zone": _("time zone"),
        "lifecycle": _("lifecycle stage"),
        "display_name": _("name"),
        "first_seen": _("first seen"),
        "last_seen": _("last seen"),
        "bucket": _("random number (0 to 9999)"),
    }[column]
