"""The application that `up` has granian serve; `config/wsgi.py` alone is for any other server.

Another server has to buffer requests, or stand behind a proxy that does
(docs/operators/web-server.md).
"""

from config.running import leftovers

leftovers.end_with_parent()  # granian forks this process; it would go on without its parent

from config.wsgi import application as _wsgi  # noqa: E402 - sets Django up, which the rest needs

from config.web.application import Application  # noqa: E402 # isort: skip

application = Application(_wsgi)
