"""The places of `crisis_api.lib.crash` at which the tests kill a process, and who dies there."""

POINTS = {
    "engine.before_commit": "engine",
    "engine.after_commit": "engine",
    "deliver.claimed": "engine",
    "deliver.sent": "engine",
    "deliver.stamped": "engine",
    "reactions.before_commit": "engine",
    "webhooks.claimed": "engine",
    "webhooks.sent": "engine",
    "web.before_commit": "web",
    "web.after_commit": "web",
}
