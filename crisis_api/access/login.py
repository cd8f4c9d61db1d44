"""The admin's door: signing in, and how often one may try."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest, HttpResponse
from unfold.forms import AuthenticationForm

from crisis_api.access.services import logins
from crisis_api.lib.client_address import client_address
from crisis_api.lib.errors import Throttled

LONGEST_PASSWORD = 4096


class LoginForm(AuthenticationForm):
    """Name and password; each attempt is counted."""

    refusal: Throttled | None = None

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        # Hashing takes the longer the more there is to hash.
        self.fields["password"].validators.append(MaxLengthValidator(LONGEST_PASSWORD))

    def clean(self) -> Any:
        """Look at the password, unless there were too many wrong ones."""
        username, password = (self.cleaned_data.get(name) for name in ("username", "password"))
        if not username or not password:
            return super().clean()
        address = client_address(self.request)
        try:
            logins.begin(username, address)
        except Throttled as refusal:
            self.refusal = refusal
            raise ValidationError(refusal.detail, code=refusal.code) from None
        cleaned = super().clean()
        logins.succeeded(username, address)
        return cleaned


def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the admin's login page, with 429 where there were too many attempts."""
    response = admin.site.login(request)
    form = (getattr(response, "context_data", None) or {}).get("form")
    if isinstance(form, LoginForm) and form.refusal is not None:
        response.status_code = form.refusal.status
        for name, value in form.refusal.headers.items():
            response.headers[name] = value
    return response
