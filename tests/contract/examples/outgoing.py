"""Where events go."""

from tests.contract.examples.shapes import Example, changed, gone, listed, made, read, verb

EXAMPLES = (
    listed("webhook_endpoints", query={"disabled": "false"}),
    read("webhook_endpoints", "endpoint"),
    made(
        "webhook_endpoints",
        "Everything about incidents",
        {
            "team": "<team>",
            "url": "https://chat.lumelle.example/crisis",
            "description": "The chat of the shift",
            "event_kinds": ["incident.*"],
        },
    ),
    changed(
        "webhook_endpoints",
        "endpoint",
        "Only what is published",
        {"event_kinds": ["statement.published"]},
    ),
    gone("webhook_endpoints", "endpoint", "An address that is no more"),
    verb("webhook_endpoints_rotate_secret", "endpoint", "The old secret leaked"),
    verb("webhook_endpoints_disable", "endpoint", "For now"),
    verb("webhook_endpoints_enable", "disabled_endpoint", "Again"),
    verb("webhook_endpoints_test", "endpoint", "Does it get through?", status=202),
    listed("webhook_deliveries", query={"endpoint": "<endpoint>", "status": "pending"}),
    read("webhook_deliveries", "delivery"),
    verb("webhook_deliveries_replay", "delivery", "Once more"),
    Example(
        "webhook_deliveries_replay_range",
        "What was missed this morning",
        body={
            "endpoint": "<endpoint>",
            "since": "2026-11-22T09:00:00Z",
            "until": "2026-11-22T09:30:00Z",
        },
    ),
)
