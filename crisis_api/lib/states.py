"""Tables of the moves that a status allows."""

from collections.abc import Iterator, Mapping

from crisis_api.lib.errors import NotAllowedNow


class Edges:
    """Which moves (verbs) lead from which status to which: `{status: {verb: status}}`."""

    def __init__(self, table: Mapping[str, Mapping[str, str]]) -> None:
        self._table = {status: dict(moves) for status, moves in table.items()}

    def allowed(self, status: str) -> list[str]:
        """Return the verbs that the status allows, in alphabetical order."""
        return sorted(self._table.get(status, {}))

    def follow(self, status: str, verb: str) -> str:
        """Return the status that the verb leads to, or raise NotAllowedNow with those allowed."""
        try:
            return self._table[status][verb]
        except KeyError:
            raise NotAllowedNow(
                f"'{verb}' is not possible while the status is '{status}'.",
                allowed=self.allowed(status),
            ) from None

    def __iter__(self) -> Iterator[tuple[str, str, str]]:
        """Yield every (status, verb, next status), for tests and docs."""
        for status, moves in self._table.items():
            for verb, target in moves.items():
                yield status, verb, target
