"""The application that `up` has granian serve; `config/wsgi.py` is for any other server.

Another server has to buffer requests, or stand behind a proxy that does (docs/operations.md).
"""

import os

from django.core.wsgi import get_wsgi_application

from config import leftovers

leftovers.end_with_parent()  # granian forks this process; it would go on without its parent
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_wsgi = get_wsgi_application()  # sets Django up, which the rest needs

from config.web.application import Application  # noqa: E402

application = Application(_wsgi)
