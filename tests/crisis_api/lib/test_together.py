"""Work of several threads done as one set."""

import threading

import pytest

from crisis_api.lib.together import Together


class Desk:
    """Does what is asked, and lets a test hold up the first set."""

    def __init__(self):
        self.sets = []
        self.alone = []
        self.begun, self.may_go_on = threading.Event(), threading.Event()
        self.leaves_out = set()
        self.fails = False

    def several(self, asked):
        self.sets.append(sorted(asked))
        if len(self.sets) == 1:
            self.begun.set()
            self.may_go_on.wait(10)
        if self.fails:
            raise ValueError
        return {each: f"{each} together" for each in asked if each not in self.leaves_out}

    def by_itself(self, asked):
        self.alone.append(asked)
        return f"{asked} alone"


def asked_at_once(desk, together, *asked):
    """Ask for one, and for all others from a thread each while that is being done."""
    answers = {}
    threads = [
        threading.Thread(target=lambda each=each: answers.update({each: together.do(each)}))
        for each in asked
    ]
    threads[0].start()
    assert desk.begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    while len(together._waiting) < len(asked) - 1:
        threading.Event().wait(0.001)
    desk.may_go_on.set()
    for thread in threads:
        thread.join(10)
    return answers


def test_does_what_one_thread_asks_for_at_once():
    desk = Desk()
    desk.may_go_on.set()
    together = Together(desk.several, desk.by_itself)
    assert [together.do(each) for each in (1, 2)] == ["1 together", "2 together"]
    assert desk.sets == [[1], [2]]


def test_does_in_one_set_what_came_meanwhile():
    desk = Desk()
    answers = asked_at_once(desk, Together(desk.several, desk.by_itself), 1, 2, 3, 4)
    assert desk.sets == [[1], [2, 3, 4]]
    assert answers == {each: f"{each} together" for each in (1, 2, 3, 4)}


def test_leaves_to_each_what_the_set_left_out():
    desk = Desk()
    desk.leaves_out = {3}
    answers = asked_at_once(desk, Together(desk.several, desk.by_itself), 1, 2, 3)
    assert answers == {1: "1 together", 2: "2 together", 3: "3 alone"}


def test_lets_each_do_its_own_where_a_set_fails_and_goes_on():
    desk = Desk()
    desk.fails = True
    together = Together(desk.several, desk.by_itself)
    answers = asked_at_once(desk, together, 1, 2, 3)
    assert answers == {each: f"{each} alone" for each in (1, 2, 3)}
    desk.fails = False
    assert together.do(4) == "4 together"


def test_tells_each_what_went_wrong_with_its_own():
    desk = Desk()
    desk.may_go_on.set()
    desk.leaves_out = {1}

    def refuses(asked):
        raise KeyError(asked)

    together = Together(desk.several, refuses)
    with pytest.raises(KeyError, match="1"):
        together.do(1)
    assert together.do(2) == "2 together"


def test_gives_an_answer_to_one_thread_only():
    desk = Desk()
    together = Together(desk.several, desk.by_itself)
    answers = []

    def ask(what):
        answers.append(together.do(what))

    threads = [threading.Thread(target=ask, args=(each,)) for each in (1, 2, 2)]
    threads[0].start()
    assert desk.begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    while len(together._waiting) < 2:
        threading.Event().wait(0.001)
    desk.may_go_on.set()
    for thread in threads:
        thread.join(10)
    assert sorted(answers) == ["1 together", "2 alone", "2 together"]
