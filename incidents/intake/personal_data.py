"""Finds what must not stand in public: phones, e-mail, cards, documents, home addresses."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple


class Finding(NamedTuple):
    """Where personal data stands, and how surely (0..100) it is that."""

    start: int
    end: int
    weight: int


_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}(?![\w-])")
# Digits in groups, as phones, cards and documents are written. Judged by `_number` below.
_DIGITS = re.compile(r"(?<![\w№#@/=.,])\+?\(?\d(?:[ \u00a0().-]{0,3}\d){8,18}(?!\w)")
_DOCUMENT = re.compile(
    r"(?:паспорт|passport|снилс|инн|ssn|iban)\W{0,3}(?:\w{1,12}\W{1,3}){0,3}?"
    r"(?:[a-z]{0,2}\d[\d -]{5,30})",
    re.IGNORECASE,
)
_SSN = re.compile(
    r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])|(?<![\d-])\d{3}-\d{3}-\d{3}[ -]\d{2}(?!\d)"
)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")
_ADDRESS_RU = re.compile(
    r"(?<!\w)(?:ул(?:\.|ица|ице|ицу)|пр(?:-к?т|осп(?:ект[еа]?|\.))|пер(?:\.|еул\w{0,3})|бульвар[еа]?"
    r"|б-р|шоссе|наб\.|набережн\w{1,3})[ \u00a0]{0,2}[\w«»\"-]{2,30}(?: [\w-]{2,30}){0,2}"
    r"[, ]{1,3}(?:д(?:\.|ом)? ?)?\d{1,4}(?!\d)",
    re.IGNORECASE,
)
_FLAT_RU = re.compile(
    r"(?<!\w)(?:д\.|дом) ?\d{1,4}\w?[, ]{1,3}(?:кв\.?|квартир\w) ?\d{1,4}", re.IGNORECASE
)
_ADDRESS_EN = re.compile(
    r"(?<!\w)\d{1,5} (?:[A-Za-z][\w'.]{0,20} ){1,3}"
    r"(?:street|st\.?|avenue|ave\.?|road|rd\.?|lane|ln\.?|drive|dr\.|boulevard|blvd\.?|court|ct\.)"
    r"(?!\w)",
    re.IGNORECASE,
)
_NOT_A_PHONE_BEFORE: Final = re.compile(
    r"(?:заказ\w*|order|трек\w*|track\w*|артикул\w*|article|sku|парти\w*|batch|lot|№|id|чек\w*)"
    r"\W{0,3}(?:\w{0,10}\W{0,3})?$",
    re.IGNORECASE,
)
_DATE_LIKE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{2}\.\d{2}\.\d{4}")
_CHEAP_TEST = re.compile(r"\d\D{0,3}\d|@|дом|д\.", re.IGNORECASE)


def find_personal_data(text: str) -> Iterator[Finding]:
    """Where a text gives away how to reach or harm somebody, leftmost of each kind first."""
    # Most comments hold neither a digit nor an @, and need none of what follows.
    if not _CHEAP_TEST.search(text):
        return
    for match in _EMAIL.finditer(text):
        yield Finding(*match.span(), 80)
    for match in _DIGITS.finditer(text):
        weight = _number(match.group(), text[max(0, match.start() - 24) : match.start()])
        if weight:
            yield Finding(*match.span(), weight)
    for pattern, weight in _PATTERNS:
        for match in pattern.finditer(text):
            yield Finding(*match.span(), weight)


_PATTERNS: Final = (
    (_DOCUMENT, 95),
    (_SSN, 90),
    (_IBAN, 90),
    (_ADDRESS_RU, 75),
    (_FLAT_RU, 85),
    (_ADDRESS_EN, 70),
)


def _number(written: str, before: str) -> int:
    digits = re.sub(r"\D", "", written)
    if 13 <= len(digits) <= 19 and _luhn(digits) and digits[0] in "23456":
        return 95
    if _DATE_LIKE.search(written) or _NOT_A_PHONE_BEFORE.search(before):
        return 0
    grouped = re.search(r"\d[ \u00a0().-]+\d", written) is not None
    if written.startswith("+") and 9 <= len(digits) <= 15:
        return 85
    if len(digits) == 11 and digits[0] in "78":
        return 85 if grouped or digits[1] in "3489" else 50
    if len(digits) == 11 and digits[0] == "1" and grouped:
        return 80
    if len(digits) == 10 and grouped:
        return 75
    if len(digits) == 10 and digits[0] == "9":
        return 60
    return 0


def _luhn(digits: str) -> bool:
    doubled = (
        int(d) if i % 2 == 0 else sum(divmod(2 * int(d), 10))
        for i, d in enumerate(reversed(digits))
    )
    return sum(doubled) % 10 == 0
