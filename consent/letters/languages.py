"""In which language somebody is written to."""

from django.conf import settings

from config.workspace.selectors import workspace


def letter_language(*wanted: str) -> str:
    """The first of these ("id", "id-ID", "pt_BR") that we know, else the workspace's, else "en".

    For letters, links and double opt-ins alike: a person is written to in one language.
    """
    spoken = dict(settings.LANGUAGES)
    for one in (*wanted, workspace().locale):
        code = one.replace("_", "-").lower()
        for form in (code, code.partition("-")[0]):
            if form in spoken:
                return form
    return "en"
