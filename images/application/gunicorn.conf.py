"""How gunicorn serves the service, in the container and locally: one worker, threads for concurrent requests.

The settings are checked here, before any worker starts: one that is wrong ends gunicorn with one sentence and exit
code 2, where an exit inside a worker would make it respawn for ever.
"""

import sys

from app.composition import check_buildable
from app.settings import SettingsError, read_settings

try:
    settings = read_settings()
    check_buildable(settings)
except SettingsError as error:
    sys.stderr.write(f"ib-trading: {error}\n")
    sys.exit(2)

bind = f"{'0.0.0.0' if settings.on_cloud_run else '127.0.0.1'}:{settings.port}"
workers = 1
worker_class = "gthread"
threads = 8
# Longer than the service's own deadline: a run that takes long must not be killed half way by its web server.
timeout = 1860
graceful_timeout = 8
accesslog = None
errorlog = "-"
loglevel = "warning"
