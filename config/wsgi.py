"""The WSGI application, for any server; `up` serves it through `config/rsgi.py`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from config.answers.patience import end_long_statements  # noqa: E402 - needs Django to be set up
from config.postgres.capacity import leave_room_for_workers  # noqa: E402 - as above

end_long_statements()
leave_room_for_workers()
