"""How many negative mentions an account got when: the figures that the storm rule works with.

Counted by the database, however large the storm is.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Min, Q, TextField
from django.db.models.functions import Cast, TruncMinute, TruncSecond

from incidents.intake import storm as storms
from incidents.intake.news import leaks
from incidents.intake.storm import Storm
from incidents.models import Account, Incident, Mention, Severity, StormRule
from incidents.models.mention import MentionQuerySet

# Platforms' clocks run ahead of ours by as much; what claims to be later is left out.
AHEAD: Final = timedelta(minutes=5)
# After a moment that is no storm, the next one is tried so much of the window later.
_STEP: Final = 20
_CODES: Final = ("personal_data", "injury", "spam", "insult", "threat", "accusation")

Bucket = tuple[datetime, int]


def shape(rule: StormRule) -> storms.StormRule:
    """Return the rule as the arithmetic knows it.

    A rule that was stored by hand may make no sense; it is taken for the nearest that does, rather
    than stop everything that comes in.
    """
    window = timedelta(seconds=max(rule.window_seconds, 1))
    return storms.StormRule(
        window=window,
        min_negative=max(rule.min_negative, 1),
        factor=max(rule.factor, 1.01),
        baseline=max(timedelta(seconds=rule.baseline_seconds), window),
    )


def negatives(account: Account) -> MentionQuerySet:
    """Return the account's negative mentions."""
    mine: MentionQuerySet = Mention.objects.filter(account=account, is_negative=True)
    return mine


def unclaimed(account: Account) -> MentionQuerySet:
    """Return those that belong to no incident yet."""
    return negatives(account).filter(incident=None)


def leaked(account: Account, since: datetime) -> list[Mention]:
    """Return those that leak personal data in a tone of no anger and belong to no incident yet."""
    calm = Mention.objects.filter(
        account=account, is_negative=False, incident=None, written_at__gte=since
    )
    told = calm.annotate(told=Cast("reasons", TextField()))
    suspects = told.filter(told__contains='"personal_data"').only("is_negative", "reasons")
    return [mention for mention in suspects if leaks(mention)]


def first_storm(
    account: Account, rule: StormRule, fresh: Sequence[Mention], *, now: datetime
) -> Storm | None:
    """Return the first storm that new mentions complete, None where they complete none.

    What was written longer ago than the usual rate reaches back is history: it opens nothing.
    """
    about = shape(rule)
    written = [at for mention in fresh if (at := mention.written_at) <= now + AHEAD]
    written = [at for at in written if at > now - about.baseline - about.window]
    if not written:
        return None
    mine = unclaimed(account).filter(
        written_at__gt=min(written) - about.window, written_at__lte=max(written)
    )
    if mine.count() < about.min_negative:
        return None
    times = [
        min(at, now) for at in mine.order_by("written_at").values_list("written_at", flat=True)
    ]
    moments = _crowded(times, about, since=min(min(written), now))
    if not moments:
        return None
    usual = _buckets(account, about, moments[0] - about.window, moments[-1] - about.window)
    for at in moments:
        begin = at - about.window
        counted = [(moment, 1) for moment in times if begin < moment <= at]
        before = [bucket for bucket in usual if bucket[0] <= begin]
        found = storms.detect_counts(
            counted + before, now=at, rule=about, watched_since=account.created_at
        )
        if found is not None:
            reasons = _reasons(mine.filter(written_at__gt=begin, written_at__lte=max(written)))
            return storms.detect_counts(
                counted + before,
                now=at,
                rule=about,
                reasons=reasons,
                watched_since=account.created_at,
            )
    return None


def _crowded(
    times: Sequence[datetime], about: storms.StormRule, *, since: datetime
) -> list[datetime]:
    """Return the moments, from `since` on, at which a window holds enough mentions for a storm.

    A few in each window at most, and always the last.
    """
    crowded: list[datetime] = []
    begin = 0
    for end, at in enumerate(times):
        while times[begin] <= at - about.window:
            begin += 1
        if at >= since and end - begin + 1 >= about.min_negative:
            crowded.append(at)
    chosen: list[datetime] = []
    for at in crowded:
        if not chosen or at - chosen[-1] >= about.window / _STEP:
            chosen.append(at)
    if crowded and chosen[-1] != crowded[-1]:
        chosen.append(crowded[-1])
    return chosen


def graver_storm(account: Account, rule: StormRule, row: Incident, *, at: datetime) -> Storm | None:
    """Return the storm at a moment if it suggests a graver severity than the incident has."""
    about = shape(rule)
    begin = at - about.window
    mine = negatives(account).filter(Q(incident=None) | Q(incident=row))
    mine = mine.filter(written_at__gt=begin, written_at__lte=at)
    tally = mine.aggregate(count=Count("pk"), since=Min("written_at"))
    if tally["count"] < about.min_negative:
        return None
    window = [(tally["since"], 1), (at, tally["count"] - 1)]
    reasons = _reasons(mine)

    def suggested(before: Iterable[Bucket]) -> Storm | None:
        found = storms.detect_counts(
            [*window, *before],
            now=at,
            rule=about,
            reasons=reasons,
            watched_since=account.created_at,
        )
        graver = found is not None and Severity.words()[found.severity] > row.severity
        return found if graver else None

    # Without history it is gravest: where that is not enough, none need be counted.
    if suggested(()) is None:
        return None
    return suggested(_buckets(account, about, begin, begin))


def _buckets(
    account: Account, about: storms.StormRule, first: datetime, last: datetime
) -> list[Bucket]:
    """Count what came before windows that begin from `first` to `last`, minute by minute."""
    trunc: Any = TruncMinute if about.window >= timedelta(minutes=5) else TruncSecond
    rows = (
        negatives(account)
        .filter(written_at__gt=first - about.baseline, written_at__lte=last)
        .annotate(bucket=trunc("written_at"))
        .order_by()
        .values("bucket")
        .annotate(number=Count("pk"))
    )
    return [(bucket, number) for bucket, number in rows.values_list("bucket", "number")]


def _reasons(mine: MentionQuerySet) -> dict[str, int]:
    """Count how many of the mentions carry each code that says what a storm is about."""
    told = mine.annotate(told=Cast("reasons", TextField())).order_by()
    counts: dict[str, int] = told.aggregate(
        **{code: Count("pk", filter=Q(told__contains=f'"{code}"')) for code in _CODES}
    )
    return counts
