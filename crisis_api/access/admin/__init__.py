"""The admin of people and access, and what the admin of every layer shares."""

from django.contrib import admin
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin import (  # noqa: F401  each registers its noun
    api_keys,
    audit_events,
    contact_points,
    memberships,
    owners,
    teams,
    users,
)

# What people may do comes from their roles, and rows are deleted by services alone.
admin.site.unregister(Group)
admin.site.disable_action("delete_selected")
admin.site.index_template = "crisis/dashboard.html"
admin.site.index_title = _("Overview")
