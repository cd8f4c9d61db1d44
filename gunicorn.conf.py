"""How the web server runs, however it is started: gunicorn reads this file by itself.

`python -m gunicorn crisis_api.wsgi` in this folder is all it takes. Values come from the
environment, as everywhere: see docs/settings.md.
"""

import os

from crisis_api.settings import environment

_host = environment.read("BIND")
bind = f"{f'[{_host}]' if ':' in _host else _host}:{environment.read('PORT')}"
worker_class = "gthread"
workers = environment.read("WEB_WORKERS")
threads = environment.read("WEB_THREADS")
graceful_timeout = 8
loglevel = "warning"
logger_class = "crisis_api.supervisor.web_log.WebLogger"
# Its heartbeat files on a disk would stall the workers with the disk.
if os.access("/dev/shm", os.W_OK):  # noqa: S108 (it makes unnamed files there)
    worker_tmp_dir = "/dev/shm"  # noqa: S108
# Its control socket would lie in the home folder, shared by every checkout.
control_socket_disable = True
