"""How the admin looks, and what stands in its menu. Everything it loads is our own."""

from typing import Any

from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# By group: each noun by `app.model`, with its symbol.
MENU: tuple[tuple[str | Promise, tuple[tuple[str, str], ...]], ...] = (
    (
        _("Incidents"),
        (
            ("incidents.incident", "crisis_alert"),
            ("incidents.reminder", "alarm"),
            ("incidents.event", "timeline"),
        ),
    ),
    (
        _("Inbox"),
        (
            ("incidents.mention", "forum"),
            ("incidents.post", "movie"),
            ("incidents.author", "record_voice_over"),
            ("incidents.account", "alternate_email"),
            ("incidents.handoff", "medical_services"),
            ("incidents.handovernote", "sticky_note_2"),
            ("incidents.receipt", "inventory_2"),
        ),
    ),
    (
        _("Responses"),
        (
            ("responses.statement", "campaign"),
            ("responses.supportticket", "support_agent"),
            ("responses.followup", "task_alt"),
        ),
    ),
    (
        _("People"),
        (
            ("access.owner", "person"),
            ("access.membership", "group"),
            ("access.contactpoint", "contact_phone"),
            ("access.apikey", "key"),
            ("access.user", "manage_accounts"),
            ("access.auditevent", "policy"),
            ("incidents.unmasking", "visibility"),
        ),
    ),
    (
        _("Configuration"),
        (
            ("access.team", "flag"),
            ("incidents.escalationpolicy", "stairs"),
            ("incidents.rotation", "event_repeat"),
            ("incidents.rotationlayer", "layers"),
            ("incidents.override", "swap_horiz"),
            ("incidents.shiftswap", "handshake"),
            ("incidents.calendarfeed", "calendar_month"),
            ("incidents.assignmentrule", "rule"),
            ("incidents.stormrule", "thunderstorm"),
            ("incidents.incidentsettings", "tune"),
            ("incidents.inboxsettings", "mark_email_unread"),
            ("responses.desksettings", "settings"),
            ("responses.statuspage", "public"),
        ),
    ),
    (
        _("Delivery"),
        (
            ("incidents.notification", "outgoing_mail"),
            ("responses.webhookendpoint", "webhook"),
            ("responses.webhookdelivery", "send"),
            ("incidents.engineheartbeat", "monitor_heart"),
        ),
    ),
)

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Crisis API",
    "LOGIN": {"form": "crisis_api.access.login.LoginForm"},
    "SITE_HEADER": "Crisis API",
    "SITE_SYMBOL": "crisis_alert",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("crisis/icon.svg")}
    ],
    # There is no other site to look at.
    "SITE_URL": "",
    # The audit and the timeline tell what happened; Django's own log stays empty.
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "STYLES": [lambda request: static("crisis/admin.css")],
    # On every page: a hold that nobody remembers is a crisis that nobody hears of.
    "ENVIRONMENT": "crisis_api.admin_menu.held",
    "DASHBOARD_CALLBACK": "crisis_api.access.admin.dashboard.callback",
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "crisis_api.admin_menu.sidebar",
    },
    "ACCOUNT": {"navigation": "crisis_api.admin_menu.account"},
    "COLORS": {
        "primary": {
            "50": "oklch(97.0% .014 254.6)",
            "100": "oklch(93.2% .032 255.6)",
            "200": "oklch(88.2% .059 254.1)",
            "300": "oklch(80.9% .105 251.8)",
            "400": "oklch(70.7% .165 254.6)",
            "500": "oklch(62.3% .214 259.8)",
            "600": "oklch(54.6% .245 262.9)",
            "700": "oklch(48.8% .243 264.4)",
            "800": "oklch(42.4% .199 265.6)",
            "900": "oklch(37.9% .146 265.5)",
            "950": "oklch(28.2% .091 267.9)",
        },
    },
}
