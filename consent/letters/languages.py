"""In which language somebody is written to."""

from django.conf import settings

from config.workspace.selectors import workspace


def letter_language(wanted: str) -> str:
    """`wanted` ("id", "id-ID", "pt_BR") where we speak it, else the workspace's, else English."""
    spoken = dict(settings.LANGUAGES)
    for one in (wanted, workspace().locale):
        code = one.replace("_", "-").lower()
        for form in (code, code.partition("-")[0]):
            if form in spoken:
                return form
    return "en"
