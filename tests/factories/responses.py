"""Statements in every status, made by the services as people would: `a_published_statement(team)`.

Each takes `author` and `approver`, and makes people of the team where they are left out.
"""

from itertools import count
from typing import Any

from crisis_api.access.models import Owner, Team
from incidents.models import Incident
from responses.models import Statement, StatusPage
from responses.services import publications, reviews, statements
from tests.factories.access import a_person, the_actor
from tests.factories.incidents import an_incident

_number = count(1)


def a_page(team: Team, **values: Any) -> StatusPage:
    """Return the public page of the team, turned on."""
    values = {"is_enabled": True, **values}
    page, _ = StatusPage.objects.update_or_create(team=team, defaults=values)
    return page


def some_texts(words: str = "", *languages: str) -> dict[str, dict[str, str]]:
    """Return texts that are like no others, in English unless told otherwise."""
    words = words or f"Wording {next(_number)}"
    return {
        language: {"title": f"{words} ({language})", "body": f"We say: {words} ({language})."}
        for language in languages or ("en",)
    }


def a_statement(
    team: Team,
    *,
    incident: Incident | None = None,
    author: Owner | None = None,
    **values: Any,
) -> Statement:
    """Return a draft."""
    author = author or a_person(team)
    values = {"kind": "holding", "texts": some_texts(), **values}
    return statements.draft(
        incident or an_incident(team), by=the_actor(author), author=author, **values
    )


def a_statement_in_review(team: Team, *, author: Owner | None = None, **values: Any) -> Statement:
    """Return a statement that its author has submitted."""
    author = author or a_person(team)
    statement = a_statement(team, author=author, **values)
    return reviews.submit(statement, by=the_actor(author), author=author)


def an_approved_statement(team: Team, *, approver: Owner | None = None, **values: Any) -> Statement:
    """Return a statement that somebody else has approved."""
    approver = approver or a_person(team, "approver")
    statement = a_statement_in_review(team, **values)
    return reviews.approve(statement, approver=approver, by=the_actor(approver))


def a_published_statement(team: Team, **values: Any) -> Statement:
    """Return a statement on the team's public page, which is turned on."""
    if not StatusPage.objects.filter(team=team, is_enabled=True).exists():
        a_page(team)
    statement = an_approved_statement(team, **values)
    return publications.publish(statement, targets=["status_page"], by=the_actor(a_person(team)))


def a_retracted_statement(team: Team, **values: Any) -> Statement:
    """Return a statement that was published and withdrawn."""
    public_reason = values.pop("public_reason", "error")
    statement = a_published_statement(team, **values)
    return publications.retract(
        statement,
        reason="The batch number was wrong.",
        public_reason=public_reason,
        by=the_actor(a_person(team)),
    )
