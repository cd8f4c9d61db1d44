"""The admin as a person uses it: opens a page, changes what stands in its form, sends it."""

from typing import Any

from django.contrib.messages import get_messages
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from crisis_api.access.models import Owner, User


class AdminPages:
    """A signed-in browser in the admin."""

    def __init__(self, who: Owner | User) -> None:
        self.client = Client()
        self.client.force_login(who.user if isinstance(who, Owner) else who)

    def get(self, url: str, status: int = 200) -> Any:
        """Open a page."""
        response = self.client.get(url)
        assert response.status_code == status, (url, response.status_code, response.content[:500])
        return response

    def list(self, model: type[Model], status: int = 200, **query: str) -> Any:
        """Open a noun's list."""
        response = self.client.get(page("changelist", model), query)
        assert response.status_code == status, response.status_code
        return response

    def open(self, row: Model, status: int = 200) -> Any:
        """Open a row's page."""
        return self.get(page("change", row), status)

    def add(self, model: type[Model], **typed: Any) -> Any:
        """Fill in the form for one more, and send it."""
        url = page("add", model)
        return self.client.post(url, {**fields(self.get(url)), **typed})

    def edit(self, row: Model, **typed: Any) -> Any:
        """Change what stands in a row's form, and send it."""
        url = page("change", row)
        return self.client.post(url, {**fields(self.get(url)), **typed})

    def do(self, verb: str, row: Model, **typed: Any) -> Any:
        """Press a verb's button, fill in what it asks for, and send it."""
        url = verb_page(verb, row)
        opened = self.get(url)
        form = opened.context["form"]
        asked = {form.add_prefix(name): form[name].value() for name in form.fields}
        return self.client.post(url, {**_typed(asked), **typed})

    def press(self, verb: str, row: Model, **typed: Any) -> Any:
        """Send a verb without having opened its page first."""
        return self.client.post(verb_page(verb, row), typed)

    def do_with(self, verb: str, *rows: Model) -> Any:
        """Choose rows of a list and do something with all of them."""
        typed = {"action": f"bulk_{verb}", "_selected_action": [str(row.pk) for row in rows]}
        return self.client.post(page("changelist", type(rows[0])), typed)

    def offered(self, row: Model) -> set[str]:
        """Return the verbs whose buttons a row's page shows."""
        shown = self.open(row).context["actions_detail"]
        flat = [item for each in shown for item in each.get("items", [each])]
        return {item["path"].rstrip("/").rpartition("/")[2] for item in flat}


def page(name: str, noun: Any) -> str:
    """Return the address of one of a noun's pages; `noun` is a model, or a row of it."""
    args = [noun.pk] if isinstance(noun, Model) else []
    return reverse(f"admin:{noun._meta.app_label}_{noun._meta.model_name}_{name}", args=args)


def verb_page(verb: str, row: Model) -> str:
    """Return the address of a verb's page."""
    return page("change", row).replace("/change/", f"/{verb}/")


def fields(response: Any) -> dict[str, Any]:
    """Return what a form's page would send if nothing were changed."""
    forms = [response.context["adminform"].form]
    for inline in response.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    shown = {
        form.add_initial_prefix(name): form[name].initial
        for form in forms
        for name, field in form.fields.items()
        if field.show_hidden_initial
    }
    typed = {form.add_prefix(name): form[name].value() for form in forms for name in form.fields}
    return _typed({**shown, **typed})


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    sent: dict[str, Any] = {}
    for name, value in values.items():
        if value is None or value is False:
            continue
        if hasattr(value, "date") and hasattr(value, "time"):
            sent[f"{name}_0"], sent[f"{name}_1"] = f"{value:%Y-%m-%d}", f"{value:%H:%M:%S}"
        else:
            sent[name] = "on" if value is True else value
    return sent


def at(name: str, moment: Any) -> dict[str, str]:
    """Return a time as it is typed into the two fields of a form, in UTC."""
    return {f"{name}_0": f"{moment:%Y-%m-%d}", f"{name}_1": f"{moment:%H:%M:%S}"}


def said(response: Any) -> list[str]:
    """Return the messages that the next page shows."""
    return [str(each) for each in get_messages(response.wsgi_request)]


def errors(response: Any) -> str:
    """Return all that a form refused, in one text; "" where it was taken."""
    if response.status_code != 200:
        return ""
    context = response.context
    if "adminform" in context:
        forms = [context["adminform"].form]
        for inline in context["inline_admin_formsets"]:
            forms += inline.formset.forms
            forms_errors = inline.formset.non_form_errors()
            if forms_errors:
                return str(forms_errors)
    else:
        forms = [context["form"]] if "form" in context else []
    return " ".join(str(form.errors) for form in forms if form.errors)
