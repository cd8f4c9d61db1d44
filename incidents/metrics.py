"""What the incidents' side measures of itself, for Prometheus."""

from prometheus_client import Counter, Histogram

LATENESS = Histogram(
    "crisis_notification_lateness_seconds",
    "From when a message was planned to when its send started.",
    ["critical"],
    buckets=(0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200),
)
SENDS = Counter("crisis_notification_sends_total", "Sends by outcome.", ["kind", "outcome"])
LEASES_EXPIRED = Counter(
    "crisis_lease_expiries_total", "Claims that were taken over from a sender that died."
)
TICK_SECONDS = Histogram(
    "crisis_engine_tick_seconds",
    "How long a tick of the engine took.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
OVERLOOKED = Counter(
    "crisis_auditor_overlooked_total",
    "Rows that the engine had overlooked and the auditor drove, and silences of the engine.",
    ["code"],
)
AUDITOR_SECONDS = Histogram(
    "crisis_auditor_seconds",
    "How long a turn of the auditor took.",
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)
