"""Incidents, what can be done with them, and what belongs to them."""

from tests.contract.examples.shapes import Example, changed, listed, made, read, verb

OF_IT = {"incident": "<open>"}

EXAMPLES = (
    listed(
        "incidents",
        "What burns, the gravest first",
        query={"status": "open,acknowledged", "ordering": "-severity,opened_at"},
    ),
    read("incidents", "open"),
    Example(
        "incidents_retrieve",
        "Unknown, or another team's",
        404,
        {"id": "CR-2026-9999"},
        name="unknown",
    ),
    Example("incidents_counts", "For a dashboard", query={"mode": "standard"}),
    made(
        "incidents",
        "A crisis that another system has noticed",
        {
            "team": "<team>",
            "title": "Comments say that the serum smells of petrol",
            "summary": "Forty comments in ten minutes under the video of this morning.",
            "category": "product_safety",
            "severity": "high",
            "account": "<account>",
            "dedup_key": "serum-smell",
            "detected_at": "2026-11-22T09:21:00Z",
            "links": [{"url": "https://www.tiktok.com/@lumelle/video/1", "title": "The video"}],
            "external_refs": [
                {
                    "system": "jira",
                    "id": "CRISIS-12",
                    "url": "https://jira.lumelle.example/CRISIS-12",
                }
            ],
        },
    ),
    Example(
        "incidents_create",
        "A signal for the one that is open already",
        200,
        body={
            "team": "<team>",
            "title": "More of them say that it burns",
            "category": "product_safety",
            "severity": "high",
            "dedup_key": "cream-burns",
        },
        name="joined",
    ),
    Example(
        "incidents_create",
        "A slip of the pen",
        400,
        body={
            "team": "<team>",
            "titel": "The night cream burns",
            "category": "product_safety",
            "severity": "grave",
        },
        name="invalid",
    ),
    Example(
        "incidents_batch",
        "Two at once, one of them a signal for what is open already, and a slip of the pen",
        200,
        body={
            "team": "<team>",
            "incidents": [
                {
                    "title": "The new serum smells of petrol",
                    "category": "product_safety",
                    "severity": "high",
                },
                {
                    "title": "More of them say that it burns",
                    "category": "product_safety",
                    "severity": "high",
                    "dedup_key": "cream-burns",
                },
                {"titel": "It burns", "category": "product_safety", "severity": "high"},
            ],
        },
        name="partly",
    ),
    changed("incidents", "open", "It is graver than thought", {"severity": "critical"}),
    verb(
        "incidents_acknowledge",
        "open",
        "I am on it, for two hours",
        {"owner": "<manager>", "expires_in_seconds": 7200},
    ),
    verb(
        "incidents_acknowledge",
        "closed",
        "Over already",
        {"owner": "<manager>"},
        status=409,
        name="over",
    ),
    verb("incidents_assign", "open", "Somebody else is responsible", {"owner": "<author>"}),
    verb("incidents_escalate", "open", "The next step at once"),
    verb("incidents_snooze", "open", "Until noon", {"snoozed_until": "2026-11-22T12:00:00Z"}),
    verb("incidents_contain", "acknowledged", "It does not grow any more"),
    verb(
        "incidents_resolve",
        "acknowledged",
        "It is over",
        {"resolution_note": "The comments with the number were removed; its owner was told."},
    ),
    verb("incidents_close", "resolved", "Nothing is left to do"),
    verb("incidents_reopen", "closed", "It is back", {"reason": "The false account is back."}),
    verb("incidents_merge", "other", "Both are one", {"into": "<open>"}),
    verb(
        "incidents_split",
        "open",
        "Two things at once",
        {
            "mention_ids": ["<second_mention>"],
            "title": "Parcels arrive open",
            "category": "negative_comments",
            "severity": "medium",
        },
        status=201,
    ),
    verb("incidents_relate", "open", "They have to do with each other", {"other": "<other>"}),
    verb(
        "incidents_unrelate",
        "open",
        "They have nothing to do with each other",
        {"other": "<acknowledged>"},
    ),
    listed("incidents_timeline", "The beginning", path=OF_IT),
    read("incidents_timeline", "event", path=OF_IT),
    listed("incidents_reminders", "What is to come", path=OF_IT, query={"status": "pending"}),
    read("incidents_reminders", "reminder", path=OF_IT),
    verb("incidents_reminders_retry", "parked_reminder", "Once more", path=OF_IT),
    listed("incidents_notes", path=OF_IT),
    read("incidents_notes", "note", path=OF_IT),
    made(
        "incidents_notes",
        "What somebody has found out",
        {"text": "The batch was mixed on Tuesday night; 400 jars were sold."},
        path=OF_IT,
    ),
    listed("notifications", "Messages that reached nobody", query={"status": "dead"}),
    read("notifications", "dead_notification"),
    verb("notifications_retry", "dead_notification", "Once more"),
)
