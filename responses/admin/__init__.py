"""The admin of what goes out."""

from responses.admin import (  # noqa: F401  each registers its noun, panels or figures
    dashboard,
    follow_ups,
    incident_panels,
    sentences,
    statement,
    support_tickets,
    team_settings,
    webhooks,
)
