"""What the team says and does."""

from tests.contract.examples.shapes import Example, changed, listed, made, read, verb

APOLOGY = {
    "en": {
        "title": "We are sorry",
        "body": "Some jars of our night cream irritate the skin. Please stop using it.",
    },
    "ru": {
        "title": "Приносим извинения",
        "body": "Часть нашего ночного крема раздражает кожу. Пожалуйста, не пользуйтесь им.",
    },
}

EXAMPLES = (
    listed("statements", "What waits for approval", query={"status": "in_review"}),
    read("statements", "published"),
    made(
        "statements",
        "A first word",
        {
            "incident": "<open>",
            "kind": "apology",
            "texts": APOLOGY,
            "next_update_at": "2026-11-22T15:00:00Z",
        },
    ),
    changed("statements", "draft", "Other words", {"texts": APOLOGY}),
    Example(
        "statements_partial_update",
        "Without saying which version was read",
        428,
        {"id": "<draft>"},
        body={"kind": "apology"},
        name="without_if_match",
    ),
    verb("statements_submit", "draft", "Ready for somebody else's eyes"),
    verb("statements_approve", "in_review", "Approved", match=True),
    verb(
        "statements_request_changes",
        "in_review",
        "Not yet",
        {"text": "Say what people should do with the jar."},
    ),
    verb(
        "statements_publish",
        "approved",
        "On the public page",
        {"targets": ["status_page"]},
        match=True,
    ),
    verb(
        "statements_publish",
        "draft",
        "Before it was approved",
        {"targets": ["status_page"]},
        match=True,
        status=409,
        name="not_approved",
    ),
    verb(
        "statements_retract",
        "published",
        "It was wrong",
        {"reason": "The number of the batch was wrong.", "public_reason": "error"},
    ),
    verb("statements_correct", "published", "Put right", {"texts": APOLOGY}, status=201),
    Example(
        "statements_revisions_list",
        "The last wording",
        path={"statement": "<published>"},
        query={"page_size": "1"},
    ),
    listed("support_tickets", "What can be sent in", query={"status": "ready"}),
    read("support_tickets", "ticket_draft"),
    made(
        "support_tickets",
        "For harassment, in Russian",
        {"incident": "<open>", "category": "harassment", "language": "ru"},
    ),
    changed(
        "support_tickets",
        "ticket_draft",
        "In one's own words",
        {"sections": {"summary": "Forty accounts post the same text under all our videos."}},
    ),
    verb("support_tickets_redraft", "ticket_draft", "With what is known by now"),
    verb(
        "support_tickets_mark_ready",
        "ticket_draft",
        "What is missing cannot be had",
        {"accept_missing": True},
    ),
    verb("support_tickets_mark_submitted", "ticket_ready", "Sent in", {"platform_ref": "TT-4712"}),
    verb(
        "support_tickets_record_answer",
        "ticket_submitted",
        "What the platform says",
        {"answer": "We have removed 38 comments."},
    ),
    verb(
        "support_tickets_appeal",
        "ticket_answered",
        "Not all of it",
        {"reason": "Two of the accounts are still there."},
    ),
    verb("support_tickets_close", "ticket_answered", "Nothing more comes of it"),
    listed("follow_ups", "What is not done yet", query={"status": "open,in_progress"}),
    read("follow_ups", "follow_up"),
    made(
        "follow_ups",
        "Something that was promised in public",
        {
            "incident": "<open>",
            "statement": "<published>",
            "kind": "commitment",
            "title": "Publish the laboratory's report",
            "owner": "<responder>",
            "due_at": "2026-11-29T12:00:00Z",
            "remind_before_seconds": 86400,
        },
    ),
    changed("follow_ups", "follow_up", "Later", {"due_at": "2026-12-01T12:00:00Z"}),
    verb("follow_ups_start", "follow_up", "Somebody is at it"),
    verb(
        "follow_ups_complete",
        "started_follow_up",
        "Done",
        {"proof": "https://lumelle.example/report-2026-11.pdf"},
    ),
    verb("follow_ups_cancel", "follow_up", "Not after all", {"reason": "The batch is destroyed."}),
    Example("teams_status_page_retrieve", "As it is now", path={"team": "<team>"}),
    Example(
        "teams_status_page_partial_update",
        "Another heading",
        path={"team": "<team>"},
        body={"title_en": "Lumelle: night cream", "contact": "help@lumelle.example"},
    ),
    Example("teams_desk_settings_retrieve", "As it is now", path={"team": "<team>"}),
    Example(
        "teams_desk_settings_partial_update",
        "Tickets for two categories, in Russian",
        path={"team": "<team>"},
        body={"ticket_categories": ["spam", "impersonation"], "ticket_language": "ru"},
    ),
)
