"""Which limits a call counts against. TikTok sends no header that tells how much is left."""

from datetime import timedelta

from incidents.channels.connection import Bucket
from incidents.channels.tiktok.options import Options

_SECOND, _MINUTE, _DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
PUBLISHING = frozenset({"business/video/publish/", "business/photo/publish/"})


def buckets(options: Options, account: str, path: str) -> tuple[Bucket, ...]:
    """Return the limits of one call: of the app, of the account at this endpoint, of publishing."""
    app = f"tiktok:{options.app_id}"
    found = [
        Bucket(f"{app}:second", options.per_app_second, _SECOND, options.second_recovery),
        Bucket(f"{app}:minute", options.per_app_minute, _MINUTE, options.minute_recovery),
    ]
    if account:
        mine = f"{app}:{account}"
        found.append(
            Bucket(f"{mine}:{path}", options.per_account_minute, _MINUTE, options.minute_recovery)
        )
        if path in PUBLISHING:
            each = options.publications_per_minute, options.publications_per_day
            found.append(Bucket(f"{mine}:publish:minute", each[0], _MINUTE, _MINUTE))
            found.append(Bucket(f"{mine}:publish:day", each[1], _DAY, _DAY))
    return tuple(found)
