"""What the responses' side measures of itself, for Prometheus."""

from prometheus_client import Counter, Histogram

REACTIONS = Counter("crisis_reactions_total", "Events whose consequences were drawn.")
WEBHOOK_SENDS = Counter(
    "crisis_webhook_sends_total",
    "Attempts to deliver a webhook: delivered, failed (tried again), dead or cancelled.",
    ["outcome"],
)
WEBHOOK_LATENESS = Histogram(
    "crisis_webhook_lateness_seconds",
    "From when an attempt was due to when it started.",
    buckets=(0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200),
)
