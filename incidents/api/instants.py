"""Moments that stand in the query of an action."""

from datetime import datetime

from rest_framework import serializers
from rest_framework.request import Request

from crisis_api.lib.drf.fields import InstantField
from crisis_api.lib.errors import FieldError, Invalid


def instant_in(request: Request, name: str, otherwise: datetime | None = None) -> datetime:
    """Return the moment that the parameter says, or `otherwise`; 400 where neither says one."""
    text = request.query_params.get(name)
    if text is None:
        if otherwise is None:
            raise _wrong(name, "required", "This parameter is required.")
        return otherwise
    try:
        # A blank is the plus of an offset that was not escaped.
        at: datetime = InstantField().to_internal_value(text.replace(" ", "+"))
    except serializers.ValidationError as error:
        raise _wrong(name, "invalid_instant", str(error.detail[0])) from None  # type: ignore[index]
    return at


def _wrong(name: str, code: str, detail: str) -> Invalid:
    return Invalid(errors=[FieldError(f"/query/{name}", code, detail)])
