"""What the OpenAPI document says besides what the views say of themselves."""

from typing import Any

DESCRIPTION = """\
Everything that the staff can do in the admin, and what other tools need.

**Signing in.** Programs send `Authorization: Bearer ck_…` with an API key: of a team, which acts as
itself, or of a person, which acts as that person. A signed-in browser sends its session cookie and,
with changes, the header `X-CSRFToken`. One or the other, never both.

**What one sees.** Every row belongs to a team. What belongs to a team that is not the caller's is
404, as if it did not exist; what the caller sees and may not do is 403. Each operation below says
who may.

**Answers.** JSON in UTF-8; times are RFC 3339 in UTC (`2026-11-22T09:30:00.000000Z`), durations
whole seconds in fields named `…_seconds`, ids UUIDs. An incident may also be named in a path by its
reference, `CR-2026-0142`.

**Errors.** `application/problem+json` (RFC 9457). `code` is stable and meant for programs, `detail`
for people, and `errors` points at each field that is wrong. `request_id` is also in the header
`X-Request-Id` of every answer: name it when you ask for help.

**Lists.** `{"results": […], "next": …, "previous": …}`: follow the links. `page_size` is 25 unless
told otherwise, 200 at most. Several values are written with commas (`status=open,acknowledged`),
bounds as `opened_at__gte=`, the order as `ordering=-severity,opened_at`. A parameter or field that
does not exist is refused with 400, so that a slip of the pen is not taken for an answer.

**Verbs.** What changes a status is a POST to a path of its own, such as `…/acknowledge/`. Done
already: 200, and nothing changes. Not possible from the present status: 409, with the moves that
are `allowed`.

**Trying again.** Send `Idempotency-Key` with a POST, and it may be sent again for 48 hours: the
same key and body get the same answer, with the header `Idempotent-Replayed: true`.

**Two people at once.** Answers carry an `ETag`. Sent back as `If-Match`, it has the change refused
with 412 where somebody else was faster. What two people edit, such as a statement, demands it:
428 without.

**How often.** 1200 requests a minute for each caller, and 6000 more for taking mentions in. Every
answer says how many are left in `RateLimit-Remaining`; 429 says in `Retry-After` when to go on.
"""

# In the order in which they are read: what burns, what is said, who answers, and the rest.
TAGS = (
    ("incidents", "The crises: opened by people, by other systems or by a storm of mentions."),
    ("mentions", "What people write: comments, replies, direct messages, press enquiries."),
    ("hand_offs", "Mentions that somebody else looks after, such as injuries at customer care."),
    ("handover_notes", "What whoever ends a shift tells whoever begins the next."),
    ("claims", "What many mentions say, whether it is true, and how much it looks like a raid."),
    ("posts", "The videos and posts that mentions stand under."),
    ("authors", "Who writes."),
    ("accounts", "The brand's accounts on the networks."),
    ("receipts", "What arrived, byte by byte, and what could not be read of it."),
    ("storm_rules", "How many negative mentions in how short a time open an incident."),
    ("statements", "What the brand says in public, approved by a second person."),
    ("support_tickets", "Drafts for the platform's support, and what became of them."),
    ("follow_ups", "What was decided or promised: by whom, until when, and the proof of it."),
    ("escalation_policies", "What happens when nobody reacts, and what would."),
    ("rotations", "Who is on call when, and the exceptions."),
    ("shift_swaps", "Requests to take over a shift, and the answers."),
    ("calendar_feeds", "Secret addresses at which calendar programs read shifts."),
    ("assignment_rules", "Who answers for a new incident."),
    ("notifications", "The messages to people, and what came of each."),
    ("me", "Who is calling, and what that caller may do."),
    ("teams", "The brands or markets, and how each of them works."),
    ("owners", "The people."),
    ("memberships", "Who has which role in which team."),
    ("contact_points", "How people and teams are reached, in order."),
    ("api_keys", "Keys for programs: issued once, shown once, revoked at once."),
    ("audit_events", "Who changed access and configuration, and when."),
    ("webhook_endpoints", "Addresses to which events are sent, signed by Standard Webhooks."),
    ("webhook_deliveries", "Each event on its way to each address, and sending it again."),
)

# Sets of words that occur under several names, or under one name with several meanings.
ENUMS = (
    "AuthorKind",
    "CategoryWord",
    "ContactPointKind",
    "FollowUpKind",
    "IncidentStatusWord",
    "Language",
    "MentionKind",
    "MentionOutcome",
    "MentionOutcomeByHand",
    "NotificationStatus",
    "PublicationTarget",
    "ReceiptStatus",
    "SeverityWord",
    "StatementKind",
    "TargetKind",
    "WithdrawalReason",
)

SPECTACULAR: dict[str, Any] = {
    "TITLE": "Crisis API",
    "DESCRIPTION": DESCRIPTION,
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "TAGS": [{"name": name, "description": words} for name, words in TAGS],
    "ENUM_NAME_OVERRIDES": {name: f"crisis_api.api_docs.words.{name}" for name in ENUMS},
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "crisis_api.api_docs.hooks.say_who_may",
        "crisis_api.api_docs.hooks.show_examples",
    ],
    # From our own static files: nothing is loaded from outside.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    # Without a validator, which would be asked over the network.
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": True,
        "docExpansion": "none",
        "filter": True,
        "validatorUrl": None,
    },
}
