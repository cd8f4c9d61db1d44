"""Finds what must not stand in public: phones, e-mail, cards, documents, home addresses."""

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

Kind = Literal["phone", "email", "card", "passport", "snils", "inn", "document", "address"]
Confidence = Literal["high", "low"]
HIGH_FROM: Final = 80


class Finding(NamedTuple):
    """Where personal data stands, how surely (0..100) it is that, and of what kind it is."""

    start: int
    end: int
    weight: int
    kind: Kind

    @property
    def confidence(self) -> Confidence:
        """High where it is worth hiding at once, low where a person should look first."""
        return "high" if self.weight >= HIGH_FROM else "low"


_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}(?![\w-])")
_EMAIL_SPELT = re.compile(
    r"(?<![\w.+-])[\w.+-]{2,64} ?(?:[(\[{] ?(?:at|собака|эт) ?[)\]}]|\bсобака\b) ?[\w-]{2,40} ?"
    r"(?:\.|[(\[{]? ?(?:dot|точка) ?[)\]}]?) ?(?:ru|ру|com|ком|net|org|рф|uk|de|by|kz)(?!\w)",
    re.IGNORECASE,
)
# Digits in groups, as phones, cards and documents are written. Judged by `_number` below.
_DIGITS = re.compile(r"(?<![\w№#@/=.,])\+?\(?\d(?:[ \u00a0().-]{0,3}\d){8,18}(?!\w)")
_DOCUMENT = re.compile(
    r"(?:паспорт|passport|снилс|инн|ssn|iban)\W{0,3}(?:\w{1,12}\W{1,3}){0,3}?"
    r"(?:[a-z]{0,2}\d[\d -]{5,30})",
    re.IGNORECASE,
)
_SSN = re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")
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
_DOCUMENT_KIND: Final[tuple[tuple[str, Kind], ...]] = (
    ("пас", "passport"),
    ("pas", "passport"),
    ("сни", "snils"),
    ("инн", "inn"),
)
_PASSPORT_SHAPE = re.compile(r"\d{2} ?\d{2} \d{6}")
_SNILS_SHAPE = re.compile(r"\d{3}-\d{3}-\d{3}[ -]\d{2}")
_COUNTING = re.compile(r"\d{1,2}(?:[ .-]\d{1,2})+")
_THOUSANDS = re.compile(r"\d{1,3}(?:[ \u00a0.]\d{3}){2,}")
_COUNTED_AFTER = re.compile(
    r"[ \u00a0]?(?:[$€₽£%]|руб|р\.|тыс|млн|млрд|шт|мл|мг|гр|км|сек|просмотр|подписчик|лайк|человек"
    r"|views|usd|eur|ml|mg|pcs)",
    re.IGNORECASE,
)
_IN_MONEY_BEFORE = re.compile(r"[$€₽£]\s?$")
_NOT_A_PHONE_BEFORE: Final = re.compile(
    r"(?:заказ\w*|order|трек\w*|track\w*|артикул\w*|article|sku|парти\w*|batch|lot|№|id|ид|чек\w*|штрих-?код\w*|barcode|код\w*|code|ean|ogrn|огрн\w*|кпп|бик|счет\w*|invoice|тикет\w*|ticket|билет\w*|model|модел\w*|video|видео)"
    r"\W{0,3}(?:\w{0,10}\W{0,3})?$",
    re.IGNORECASE,
)
_DATE_LIKE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{2}\.\d{2}\.\d{4}")
_CHEAP_TEST = re.compile(r"\d\D{0,3}\d|@|дом|д\.|собака|[(\[{] ?at", re.IGNORECASE)


def find_personal_data(text: str) -> Iterator[Finding]:
    """Where a text gives away how to reach or harm somebody, leftmost of each kind first."""
    # Most comments hold neither a digit nor an @, and need none of what follows.
    if not _CHEAP_TEST.search(text):
        return
    for match in _EMAIL.finditer(text):
        yield Finding(*match.span(), 80, "email")
    for match in _EMAIL_SPELT.finditer(text):
        yield Finding(*match.span(), 70, "email")
    for match in _DIGITS.finditer(text):
        before = text[max(0, match.start() - 24) : match.start()]
        if _IN_MONEY_BEFORE.search(before) or _COUNTED_AFTER.match(text, match.end()):
            continue
        weight, kind = _number(match.group(), before)
        if weight:
            yield Finding(*match.span(), weight, kind)
    for match in _DOCUMENT.finditer(text):
        yield Finding(*match.span(), 95, _document_kind(match.group().lower()))
    for pattern, weight, kind in _PATTERNS:
        for match in pattern.finditer(text):
            yield Finding(*match.span(), weight, kind)


_PATTERNS: Final[tuple[tuple[re.Pattern[str], int, Kind], ...]] = (
    (_SSN, 90, "document"),
    (_IBAN, 90, "document"),
    (_ADDRESS_RU, 75, "address"),
    (_FLAT_RU, 85, "address"),
    (_ADDRESS_EN, 70, "address"),
)


def _document_kind(written: str) -> Kind:
    return next((kind for word, kind in _DOCUMENT_KIND if written.startswith(word)), "document")


def _number(written: str, before: str) -> tuple[int, Kind]:
    """What a number in groups is, 0 for nothing of a person's."""
    digits = re.sub(r"\D", "", written)
    if _is_card(digits):
        return 95, "card"
    if _DATE_LIKE.search(written) or _NOT_A_PHONE_BEFORE.search(before):
        return 0, "phone"
    if _SNILS_SHAPE.fullmatch(written):
        return (95 if _is_snils(digits) else 0), "snils"
    if _PASSPORT_SHAPE.fullmatch(written):
        return 60, "passport"
    if len(digits) == 12 and digits == written and _is_inn(digits):
        return 55, "inn"
    if _THOUSANDS.fullmatch(written) or _COUNTING.fullmatch(written):
        return 0, "phone"
    return _phone(written, digits), "phone"


def _phone(written: str, digits: str) -> int:
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


def _is_card(digits: str) -> bool:
    """Mir, Visa, Mastercard, Maestro, UnionPay of 16 digits or more, and Amex of 15."""
    if len(digits) == 15:
        return digits[:2] in ("34", "37") and _luhn(digits)
    # Thirteen and fourteen digits are barcodes and parcels.
    return 16 <= len(digits) <= 19 and digits[0] in "23456" and _luhn(digits)


def _is_snils(digits: str) -> bool:
    total = sum(int(digit) * (9 - place) for place, digit in enumerate(digits[:9])) % 101
    return total % 100 == int(digits[9:])


def _is_inn(digits: str) -> bool:
    def check(weights: tuple[int, ...]) -> int:
        return sum(w * int(d) for w, d in zip(weights, digits, strict=False)) % 11 % 10

    first = (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
    return check(first) == int(digits[10]) and check((3, *first)) == int(digits[11])


def _luhn(digits: str) -> bool:
    doubled = (
        int(d) if i % 2 == 0 else sum(divmod(2 * int(d), 10))
        for i, d in enumerate(reversed(digits))
    )
    return sum(doubled) % 10 == 0
