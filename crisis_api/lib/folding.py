"""Text folded for searching, so that «Ёлка» is found by «елка» on every database."""

import unicodedata

_INVISIBLE = dict.fromkeys([0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])
_YO = str.maketrans("ё", "е")


def fold(text: str) -> str:
    """Return the text without case, compatibility forms, «ё» and invisible characters.

    White space becomes single blanks. Folding twice changes nothing. SQLite's own case-blindness
    ends with ASCII, so both the stored column and the words searched for are folded.
    """
    plain = unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).casefold()
    # Folding may take a composed letter apart, and composing may give one with a case.
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", plain).casefold())
    return " ".join(plain.translate(_YO).split())
