"""One REDIS_URL, for redis-py and for Celery, whose words for a socket differ."""

import pytest

from crisis_api.settings import broker


@pytest.mark.parametrize(
    ("given", "for_celery"),
    [
        ("redis://r:6379/3", "redis://r:6379/3"),
        ("redis://:secret@r:6379/3", "redis://:secret@r:6379/3"),
        ("unix:///run/r.sock", "redis+socket:///run/r.sock?virtual_host=0"),
        ("unix:///run/r.sock?db=4", "redis+socket:///run/r.sock?virtual_host=4"),
        ("redis+socket:///run/r.sock?virtual_host=4", "redis+socket:///run/r.sock?virtual_host=4"),
        ("rediss://r:6379/0", "rediss://r:6379/0?ssl_cert_reqs=required"),
        ("rediss://r/0?ssl_cert_reqs=none", "rediss://r/0?ssl_cert_reqs=none"),
    ],
)
def test_is_said_in_celerys_words(given, for_celery):
    assert broker.celery_url(given) == for_celery


def test_is_said_in_redis_words():
    assert broker.redis_url("redis+socket:///r.sock?virtual_host=4") == "unix:///r.sock?db=4"
    assert broker.redis_url("redis://r:6379/3") == "redis://r:6379/3"
