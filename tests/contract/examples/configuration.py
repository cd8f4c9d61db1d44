"""Who answers, who is on call, and what happens when nobody reacts."""

from tests.contract.examples.shapes import Example, changed, gone, listed, made, read, verb

IN_THE_ROTATION = {"rotation": "<rotation>"}
STEPS = [
    {"delay_seconds": 0, "targets": [{"kind": "owner"}]},
    {"delay_seconds": 300, "targets": [{"kind": "rotation", "id": "<rotation>"}]},
    {
        "delay_seconds": 600,
        "urgency": "urgent",
        "targets": [{"kind": "role", "role": "manager"}],
    },
]

EXAMPLES = (
    listed("escalation_policies", query={"archived": "false"}),
    read("escalation_policies", "policy"),
    made(
        "escalation_policies",
        "The owner, who is on call, the managers; twice",
        {
            "team": "<team>",
            "name": "Injuries",
            "description": "For everything that harms people.",
            "rounds": 2,
            "round_pause_seconds": 900,
            "steps": STEPS,
            "fallback": "<last_policy>",
        },
    ),
    changed("escalation_policies", "policy", "Three rounds instead of one", {"rounds": 3}),
    verb("escalation_policies_archive", "spare_policy", "A policy that nothing uses"),
    verb(
        "escalation_policies_preview",
        "policy",
        "If something critical happened at night",
        {"severity": "critical", "category": "product_safety", "at": "2026-11-23T00:30:00Z"},
    ),
    verb("escalation_policies_checks", "policy", "What would go wrong in the coming weeks"),
    listed("rotations", query={"archived": "false"}),
    read("rotations", "rotation"),
    made(
        "rotations",
        "A week each, from Monday at nine",
        {
            "team": "<team>",
            "name": "Weekends",
            "time_zone": "Europe/Moscow",
            "starts_on": "2026-11-23",
            "handoff_time": "09:00",
            "handoff_weekday": "monday",
            "shift_days": 7,
            "participants": ["<responder>", "<author>"],
        },
    ),
    changed(
        "rotations", "rotation", "Another order", {"participants": ["<manager>", "<responder>"]}
    ),
    verb("rotations_archive", "spare_rotation", "A rotation that nothing uses"),
    verb("rotations_on_call", "rotation", "At noon", query={"at": "2026-11-22T12:00:00Z"}),
    verb(
        "rotations_shifts",
        "rotation",
        "Two days",
        query={"from": "2026-11-22T00:00:00Z", "to": "2026-11-24T00:00:00Z"},
    ),
    verb("rotations_checks", "rotation", "Whether somebody is always on call"),
    listed("rotations_overrides", path=IN_THE_ROTATION),
    read("rotations_overrides", "override", path=IN_THE_ROTATION),
    made(
        "rotations_overrides",
        "Somebody stands in for an evening",
        {
            "owner": "<manager>",
            "starts_at": "2026-11-22T18:00:00Z",
            "ends_at": "2026-11-22T23:00:00Z",
        },
        path=IN_THE_ROTATION,
    ),
    gone("rotations_overrides", "override", "One that is still to come", path=IN_THE_ROTATION),
    listed("rotations_layers", path=IN_THE_ROTATION),
    read("rotations_layers", "layer", path=IN_THE_ROTATION),
    made(
        "rotations_layers",
        "Somebody else from six to nine",
        {
            "name": "Evenings",
            "position": 2,
            "starts_on": "2026-11-23",
            "handoff_time": "18:00",
            "handoff_weekday": "monday",
            "shift_days": 7,
            "hours": {"mon": [["18:00", "21:00"]], "tue": [["18:00", "21:00"]]},
            "participants": ["<author>", "<responder>"],
        },
        path=IN_THE_ROTATION,
    ),
    changed(
        "rotations_layers",
        "layer",
        "Sundays too",
        {"hours": {"sat": [["00:00", "24:00"]], "sun": [["00:00", "24:00"]]}},
        path={"id": "<layer>", **IN_THE_ROTATION},
    ),
    gone("rotations_layers", "layer", "The rotation itself holds again", path=IN_THE_ROTATION),
    listed("shift_swaps", query={"status": "pending"}),
    read("shift_swaps", "swap"),
    made(
        "shift_swaps",
        "Could you take my Tuesday?",
        {
            "rotation": "<rotation>",
            "asked_of": "<author>",
            "starts_at": "2026-11-24T10:00:00Z",
            "ends_at": "2026-11-25T09:00:00Z",
            "expires_at": "2026-11-23T18:00:00Z",
        },
    ),
    verb("shift_swaps_accept", "swap", "It is mine then"),
    verb("shift_swaps_decline", "swap", "Not this time"),
    verb("shift_swaps_withdraw", "swap", "I can after all", by="responder"),
    listed("calendar_feeds"),
    read("calendar_feeds", "calendar_feed"),
    made("calendar_feeds", "Who is on call, in my calendar", {"rotation": "<rotation>"}),
    verb("calendar_feeds_revoke", "calendar_feed", "The address was shown to others"),
    listed("assignment_rules"),
    read("assignment_rules", "assignment_rule"),
    made(
        "assignment_rules",
        "Leaks of personal data go to one person",
        {
            "team": "<team>",
            "category": "personal_data_leak",
            "min_severity": "low",
            "owner": "<legal>",
        },
    ),
    changed("assignment_rules", "assignment_rule", "Only what is grave", {"min_severity": "high"}),
    gone("assignment_rules", "assignment_rule", "A rule that is not needed"),
    listed("storm_rules", query={"is_active": "true"}),
    read("storm_rules", "storm_rule"),
    made(
        "storm_rules",
        "Twenty in ten minutes, and three times the usual",
        {
            "team": "<team>",
            "name": "Comments under the new cream",
            "account": "<account>",
            "window_seconds": 600,
            "min_negative": 20,
            "factor": 3.0,
            "category": "product_safety",
        },
    ),
    changed("storm_rules", "storm_rule", "Sooner", {"min_negative": 10}),
    gone("storm_rules", "storm_rule", "A rule that cries wolf"),
    Example("teams_incident_settings_retrieve", "As it is now", path={"id": "<team>"}),
    Example(
        "teams_incident_settings_partial_update",
        "A first public word within half an hour",
        path={"id": "<team>"},
        body={
            "default_policy": "<policy>",
            "milestone_target_minutes": {
                "critical": {"acknowledged": 5, "first_public_response": 30}
            },
        },
    ),
    Example("teams_inbox_settings_retrieve", "As it is now", path={"id": "<team>"}),
    Example(
        "teams_inbox_settings_partial_update",
        "Five minutes for each mention, and not too many insults",
        path={"id": "<team>"},
        body={"lease_seconds": 300, "toxic_per_hour": 30},
    ),
)
