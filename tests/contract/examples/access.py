"""People, teams and keys."""

from tests.contract.examples.shapes import Example, changed, gone, listed, made, read, verb

EXAMPLES = (
    Example("me_retrieve", "A manager of two teams"),
    Example(
        "me_partial_update",
        "Another language and other hours",
        body={"language": "ru", "working_hours": {"mon": [["09:00", "13:00"], ["14:00", "18:00"]]}},
    ),
    listed("teams", query={"ordering": "name"}),
    read("teams", "team"),
    changed("teams", "team", "Personal keys may approve", {"personal_keys_may_approve": True}),
    verb("teams_freeze", "team", "Nothing goes out any more"),
    verb("teams_unfreeze", "team", "Everything goes out again"),
    listed("owners", "Who can be asked to react", query={"role": "responder", "active": "true"}),
    read("owners", "responder"),
    made(
        "owners",
        "A new colleague",
        {
            "team": "<team>",
            "role": "moderator",
            "name": "Elena Sokolova",
            "username": "elena.sokolova",
            "email": "elena@lumelle.example",
            "language": "ru",
            "time_zone": "Europe/Moscow",
        },
    ),
    changed("owners", "author", "Another zone", {"time_zone": "Asia/Yekaterinburg"}),
    verb("owners_deactivate", "leaver", "Somebody leaves"),
    verb("owners_reactivate", "away", "Somebody is back"),
    listed("memberships", "Who manages", query={"team": "<team>", "role": "manager"}),
    read("memberships", "membership"),
    made(
        "memberships",
        "A colleague of another team joins",
        {"team": "<team>", "owner": "<newcomer>", "role": "legal"},
    ),
    changed("memberships", "membership", "Another role", {"role": "approver"}),
    gone("memberships", "membership", "Somebody leaves the team"),
    listed("api_keys", "Keys that still work", query={"revoked": "false"}),
    read("api_keys", "spare_key"),
    made(
        "api_keys",
        "A key for the system that collects comments",
        {
            "team": "<team>",
            "name": "Comment collector",
            "scopes": ["read", "intake"],
            "expires_at": "2027-11-22T00:00:00Z",
        },
    ),
    verb("api_keys_revoke", "spare_key", "A key that leaked"),
    listed("contact_points", "The caller's own", query={"urgency": "normal"}),
    read("contact_points", "email_of_the_manager"),
    made(
        "contact_points",
        "By e-mail, where it can wait",
        {"kind": "email", "address": "vera.private@lumelle.example", "label": "Private"},
    ),
    changed(
        "contact_points",
        "email_of_the_manager",
        "For what is grave, by day",
        {"from_severity": "high", "hours": {"mon": [["09:00", "18:00"]]}},
    ),
    gone("contact_points", "console_of_the_manager", "An address that is no more"),
    verb("contact_points_rotate_secret", "webhook_of_the_team", "The old secret leaked"),
    verb("contact_points_test", "console_of_the_manager", "It got through"),
    Example(
        "contact_points_arrange",
        "The console first",
        body={
            "urgency": "normal",
            "order": ["<console_of_the_manager>", "<email_of_the_manager>"],
        },
    ),
    listed("audit_events", "Keys issued lately", query={"action": "api_key.issued"}),
    read("audit_events", "audit_event"),
)
