"""Work that several threads ask for at once, done as one set: one commit instead of many.

    _claims = Together(claim_set, claim_one)
    _claims.do(pk)      # from any thread; returns what came of this one

A commit waits for the disk and each statement for the database, for twenty rows as long as for one.
"""

import logging
import os
import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

log = logging.getLogger("crisis.together")

_Asked = TypeVar("_Asked", bound=Hashable)
_Answer = TypeVar("_Answer")


class _Place(Generic[_Asked, _Answer]):
    """What one thread asks for, and where it waits until that is done or its turn to do it."""

    def __init__(self, asked: _Asked) -> None:
        self.asked = asked
        self.is_done = False
        self.answers: Mapping[_Asked, _Answer] = {}
        self.woken = threading.Event()


class Together(Generic[_Asked, _Answer]):
    """Has one thread at a time do what all ask for; whoever finds nobody at it begins at once.

    Nobody waits in order to make a set larger: a set is what came while the one before was done.
    Each thread is woken as soon as its own is done. `several` waits for nobody: what it leaves out,
    or all of it where it fails, each thread does `alone`, and holds up only itself. So does whoever
    asks for what another asks for: an answer goes to one thread only.
    """

    def __init__(
        self,
        several: Callable[[Sequence[_Asked]], Mapping[_Asked, _Answer]],
        alone: Callable[[_Asked], _Answer],
    ) -> None:
        self._several, self._alone = several, alone
        self._forget()
        # In a forked child whoever was at it does not exist.
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Place[_Asked, _Answer]] = []
        self._led = False

    def do(self, asked: _Asked) -> _Answer:
        """Return what came of it."""
        place: _Place[_Asked, _Answer] = _Place(asked)
        with self._lock:
            self._waiting.append(place)
            leads, self._led = not self._led, True
        if not leads:
            place.woken.wait()
        if not place.is_done:
            self._lead()
        return place.answers[asked] if asked in place.answers else self._alone(asked)

    def _lead(self) -> None:
        """Do what waits, then wake whoever asked for it, and one of those who came since."""
        with self._lock:
            taken, self._waiting = self._waiting, []
        # Of several who ask for the same, one gets what came of it; the others ask again.
        firsts = {place.asked: place for place in reversed(taken)}
        answers: Mapping[_Asked, _Answer] = {}
        try:
            answers = self._several(list(firsts))
        except Exception:  # each meets alone what is wrong with its own
            log.warning("a set of %d failed; doing each by itself", len(taken), exc_info=True)
        finally:
            with self._lock:
                following = self._waiting[:1]
                self._led = bool(following)
            for place in taken:
                place.is_done = True
            for place in firsts.values():
                place.answers = answers
            for place in (*taken, *following):
                place.woken.set()
