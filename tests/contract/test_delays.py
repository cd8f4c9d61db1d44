"""What must happen later is a row with a due time, never a delayed message."""

from tests.contract import source

DELAYS = {"eta", "countdown"}


def test_nobody_asks_celery_for_a_delay():
    found = [
        f"{source.name(path)}:{call.lineno}"
        for path in source.files()
        for call in source.calls(path)
        # The one function that refuses them has to name them.
        if source.name(path) != "crisis_api/celery.py"
        and DELAYS & {keyword.arg for keyword in call.keywords}
    ]

    assert found == []
