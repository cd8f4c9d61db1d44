from datetime import timedelta

import pytest

from crisis_api.lib.errors import ChannelError
from responses.webhooks.outcome import Outcome, failure_of

TWO_MINUTES = timedelta(minutes=2)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_leaves_a_busy_receiver_alone_for_as_long_as_it_asks(status):
    error = ChannelError(f"http_{status}", status=status, retry_after=TWO_MINUTES)

    assert failure_of(error) == Outcome(status, f"http_{status}", TWO_MINUTES)


@pytest.mark.parametrize("status", [301, 400, 404, 410, 500])
def test_ignores_the_wish_of_one_that_is_not_busy(status):
    error = ChannelError("failed", status=status, retry_after=TWO_MINUTES)

    assert failure_of(error).retry_after is None


def test_knows_when_the_receiver_is_gone():
    assert failure_of(ChannelError("gone", status=410)).is_gone
    assert not failure_of(ChannelError("http_404", status=404)).is_gone
    assert not failure_of(ChannelError("timeout")).is_gone
