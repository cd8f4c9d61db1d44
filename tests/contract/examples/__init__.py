"""A request for every operation of the API, on the rows of `tests.contract.world`.

`"<open>"` stands for the id of the row of that name. What these are answered with is recorded in
`crisis_api/api_docs/examples`, for the documentation.
"""

from collections.abc import Iterable

from tests.contract.examples import access, configuration, inbox, incidents, outgoing, responses
from tests.contract.examples.shapes import Example

FILES: dict[str, Iterable[Example]] = {
    "access": access.EXAMPLES,
    "configuration": configuration.EXAMPLES,
    "inbox": inbox.EXAMPLES,
    "incidents": incidents.EXAMPLES,
    "outgoing": outgoing.EXAMPLES,
    "responses": responses.EXAMPLES,
}
EXAMPLES: tuple[Example, ...] = tuple(each for group in FILES.values() for each in group)


def good() -> dict[str, Example]:
    """Return the first example of each operation that does what it is for."""
    found: dict[str, Example] = {}
    for example in EXAMPLES:
        if example.status < 300:
            found.setdefault(example.operation, example)
    return found
