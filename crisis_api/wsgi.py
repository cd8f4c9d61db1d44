"""What a web server runs."""

import os

from django.core.wsgi import get_wsgi_application

from crisis_api.lib import presence

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crisis_api.settings")

application = get_wsgi_application()
presence.join()
