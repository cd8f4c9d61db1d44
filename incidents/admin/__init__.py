"""The admin of what comes in, and of who must act."""

from incidents.admin import (  # noqa: F401  each registers its noun
    accounts,
    assignment_rules,
    calendar_feeds,
    claims,
    contact_point_verbs,
    dashboard,
    events,
    inbox,
    incident,
    incident_panels,
    incident_settings,
    mentions,
    policies,
    receipts,
    reminders,
    rotations,
    shift_swaps,
    storm_rules,
)
