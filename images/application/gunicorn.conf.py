"""How gunicorn serves the service, in the container and locally: one worker, threads for concurrent requests.

The settings are checked here, before any worker starts: one that is wrong ends gunicorn with one sentence and exit
code 2, where an exit inside a worker would make it respawn for ever.
"""

import signal
import sys
import threading
from types import FrameType

from gunicorn.workers.base import Worker

from ib_trading.composition import check_buildable
from ib_trading.settings import SettingsError, read_settings

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


def post_worker_init(worker: Worker) -> None:  # noqa: ARG001 - gunicorn calls it with the worker
    """On SIGTERM the gateway logs out and its lease is given back, while requests under way come to their end."""
    from ib_trading.main import services

    ends = signal.getsignal(signal.SIGTERM)

    def end(number: int, frame: FrameType | None) -> None:
        # A handler of signals may wait for nothing.
        threading.Thread(target=services.gateway.close, name="closing the gateway").start()
        if callable(ends):
            ends(number, frame)

    signal.signal(signal.SIGTERM, end)
