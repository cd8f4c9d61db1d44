"""The examples of the documentation are true: each is sent, and answered as it is shown.

`make docs` records the answers again.
"""

import os

import pytest
from jsonschema_rs import validator_for

from crisis_api.api_docs import examples as recorded
from tests.contract.calling import call, undone
from tests.contract.examples import EXAMPLES, FILES
from tests.contract.operations import by_id, document, operations
from tests.contract.recording import shape, shown, write
from tests.contract.world import Names


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: f"{each.operation}-{each.name}")
def test_an_example_is_answered_as_it_is_shown(example, world, callers):
    answer = call(callers[example.by], example, world.ids())

    assert answer.status_code == example.status, answer.content.decode()
    told = recorded.by_operation().get(example.operation, [])
    (known,) = [each for each in told if each["name"] == example.name] or [{}]
    now = shown(example, answer, Names(world))
    asked = ("path", "query", "body", "status", "summary")
    assert {part: known.get(part) for part in asked} == {part: now.get(part) for part in asked}
    assert shape(known.get("answer")) == shape(now["answer"]), "run `make docs`"


def test_every_operation_has_an_example_that_succeeds():
    shown = {each.operation for each in EXAMPLES if each.status < 300}

    assert {each.id for each in operations()} == shown


def test_no_two_examples_of_an_operation_have_one_name():
    named = [(each.operation, each.name) for each in EXAMPLES]

    assert len(set(named)) == len(named)
    told = [(name, each["name"]) for name, all_ in recorded.by_operation().items() for each in all_]
    assert sorted(told) == sorted(named), "run `make docs`"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: f"{each.operation}-{each.name}")
def test_an_example_is_what_the_document_says_of_its_operation(example):
    told = by_id()[example.operation].document
    (known,) = [
        each for each in recorded.by_operation()[example.operation] if each["name"] == example.name
    ]
    answers = told["responses"]
    assert str(example.status) in answers
    if known["answer"] is not None:
        (media,) = answers[str(example.status)]["content"].values()
        assert example.name in media["examples"]
        check(known["answer"], media["schema"])
    if example.body is not None:
        media = told["requestBody"]["content"][example.content_type]
        assert example.name in media["examples"]
        if example.status < 300 and example.name != "partly":
            check(known["body"], media["schema"])


def check(value, schema):
    """Hold a value to a schema of the document."""
    components = {"components": document()["components"]}
    validator_for({**schema, **components}, validate_formats=True).validate(value)


if "RECORD_EXAMPLES" in os.environ:

    def test_records_the_answers(world, callers):
        names = Names(world)
        for file, group in FILES.items():
            told = {}
            for example in group:
                client = callers[example.by]
                with undone():
                    answer = call(client, example, world.ids())
                assert answer.status_code == example.status, answer.content.decode()
                told.setdefault(example.operation, []).append(shown(example, answer, names))
            write(file, told)
