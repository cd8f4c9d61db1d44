import pytest

from incidents.intake.scoring import score
from responses.tickets.offences import offences_in


def offences(text, category="product_safety"):
    reasons = [reason._asdict() for reason in score(text).reasons]
    return offences_in(reasons, category)


@pytest.mark.parametrize(
    "text",
    [
        "My daughter is 15 and has a burn on her forehead. You will hear from our lawyer.",
        "y0u b@stards ruined my face",
        "I reported it to the regulator, took 6 minutes, everybody should",
        "с*ки, у меня ребёнок из-за вас орёт всю ночь, ожог на щеке",
        "вы мне жизнь испортили, у меня завтра съёмка, я вас засужу",
        "class action anyone? I'm serious, comment if you're in the UK",
        "The worst cream I ever bought",
        "shameless clowns",
        "bunch of 1diots",
        "my photos are at www.burned.example",
    ],
)
def test_takes_no_criticism_and_no_angry_customer_for_an_offence(text):
    assert offences(text) == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("I know where your office is and I will find you", "threat"),
        ("сдохните вместе со своим кремом", "threat"),
        ("the PR lady's cell is +1-202-555-0147, let it burn like our faces", "personal_data"),
    ],
)
def test_takes_violence_and_leaks_for_offences_whatever_the_incident_is_about(text, code):
    assert code in offences(text)


def test_takes_abuse_for_an_offence_where_the_incident_is_about_it():
    assert offences("bunch of 1diots", "harassment") == ("insult",)


def test_takes_a_threat_with_the_law_for_no_threat_of_violence():
    assert offences("See you in court, my lawyer is on it", "harassment") == ()


def test_adds_up_several_weak_signs_of_spam():
    weak = {"code": "spam", "start": 0, "end": 1, "weight": 45}
    assert offences_in([weak], "spam") == ()
    assert offences_in([weak, weak], "spam") == ("spam",)
