"""Every measurement on the database of this process's settings."""

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from bench import due, lists, opening, table  # noqa: E402

# Hints are for a broker; none is measured here.
settings.NUDGE_ENABLED = False
call_command("migrate", verbosity=0)
figures = [*opening.figures(), *due.figures(), *lists.figures()]
table.show(f"{connection.vendor}, {connection.Database.__name__}", figures)
