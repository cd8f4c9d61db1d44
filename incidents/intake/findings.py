"""The signs in a text: which words and phrases stand where, disguised ones included."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from incidents.intake.folding import LONGEST_WORD, is_mixed, read_disguised, read_word
from incidents.intake.lexicons.signals import SARCASTIC_EMOJI
from incidents.intake.sentiment import Word
from incidents.intake.vocabulary import MAX_GAP, Part, Phrase

# From here on a word is rude to somebody, not merely strong.
HOSTILE_FROM: Final = 40
# Reasons that a negation before them takes back: "no allergy", "не обман".
_TAKEN_BACK: Final = frozenset({"injury", "complaint", "accusation", "support", "spam"})

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_CLAUSE_END = re.compile(r"[,.;:!?\n()…]|\s[-–—]\s")
_CHUNK = re.compile(r"\S+")
_DISGUISE = re.compile(r"[^\W\d_][\d@$*#%&.•·_+|!()-]{1,6}[^\W\d_]|\d[^\W\d_]|[^\W\d_][@$*#|]")
# "д у р а к и": single letters, each with one separator after it.
_SPACED = re.compile(r"(?<![^\W_])(?:[^\W\d_][ .*_-]){3,24}[^\W\d_](?![^\W_])")
# "на.. й", "х..": dots in place of letters, before what is no word by itself.
_CUT_SHORT = re.compile(
    r"(?<!\w)(?:([хпб])(?:\.{2,4}|…|\*{2,})(?=[\s,!?)]|$)"
    r"|((?:на|по|о|ни)?[хпб]?)(?:\.{2,4}|…|\*{2,4}) ?(?:й|ец|ц|ля|ть|дь|дец|яя?ть)(?!\w))",
    re.IGNORECASE,
)
_NOT_LETTERS = re.compile(r"[\W_]+")
_LINK = re.compile(
    r"https?://\S|www\.\w|(?<!\w)(?:t|wa)\.me/\w"
    r"|(?<![\w@.-])[a-z0-9-]{2,40}\.(?:com|ru|net|org|shop|top|xyz|io|me|site|online|club|info)(?!\w)"
)
_MONEY = re.compile(r"[$€₽£]\s?\d|(?<!\d)\d[\d ,.]{0,15}(?:[$€₽£]|usd|руб|тыс)")
_QUOTES: Final = ("«", '"', "“", "„")


class Reason(NamedTuple):
    """One sign found in a text: its code, where it stands, and its weight 0..100."""

    code: str
    start: int
    end: int
    weight: int


class Finding(NamedTuple):
    """A reason that is more than one plain word: with its valence and hostility."""

    reason: Reason
    valence: float
    hostility: int


def words_of(text: str) -> list[Word]:
    """The words of a text with their meanings and their places in it."""
    words = []
    shouting = text.isupper()
    clause, last = 0, 0
    for match in _WORD.finditer(text):
        written = match.group()
        if len(written) > LONGEST_WORD:
            continue
        clause += _CLAUSE_END.search(text, last, match.start()) is not None
        last = match.end()
        folded, sense, phrases = read_word(written.lower())
        shouted = not shouting and len(written) > 2 and written.isupper()
        words.append(Word(folded, match.start(), match.end(), sense, phrases, clause, shouted))
    return words


def find_phrases(words: list[Word]) -> Iterator[Finding]:
    """Words that mean something together. Marks the words each found phrase speaks for."""
    for place, word in enumerate(words):
        for phrase in word.phrases:
            last = _match(phrase, words, place)
            if last < 0:
                continue
            for covered in words[place : last + 1]:
                covered.spoken_for = covered.spoken_for or bool(phrase.sense.valence)
            code, weight = phrase.sense.signs[0]
            reason = Reason(code, word.start, words[last].end, weight)
            yield Finding(reason, phrase.sense.valence, phrase.sense.hostility)


def find_disguised(text: str, words: list[Word]) -> Iterator[Finding]:
    """What is hidden by digits, stars, foreign letters, or spaces between the letters."""
    if _DISGUISE.search(text) or is_mixed(text.lower()):
        yield from _disguised_chunks(text, words)
    for match in _CUT_SHORT.finditer(text):
        if match[1] or match[2]:
            yield Finding(Reason("profanity", *match.span(), 70), -2.5, _meant(50))
    for match in _SPACED.finditer(text):
        letters = _NOT_LETTERS.sub("", match.group())
        # The run may begin with words of one letter: "я и д и о т".
        for skipped in range(min(3, len(letters) - 3)):
            found = _hidden(letters[skipped:], *match.span())
            if found is not None:
                yield found
                break


def word_reasons(words: list[Word], lowered: str, *, addressed: bool) -> Iterator[Reason]:
    """What single words are signs of, and whether the text asks something.

    Mockery ("бот", "наивный") insults nobody unless it is said to somebody (`addressed`).
    """
    asks = lowered.find("?")
    for place, word in enumerate(words):
        if word.sense is None:
            continue
        for code, weight in word.sense.signs:
            # Without a question mark, only a first "where" or "когда" begins a question.
            if code == "question" and asks < 0 and place:
                continue
            if word.negated and code in _TAKEN_BACK:
                continue
            if code == "insult" and word.sense.hostility == HOSTILE_FROM and not addressed:
                continue
            yield Reason(code, word.start, word.end, weight)
    if asks >= 0:
        yield Reason("question", asks, asks + 1, 40)


def spam_reasons(lowered: str) -> Iterator[Reason]:
    """Links and sums of money: each little by itself, much beside an offer."""
    for pattern, weight in ((_LINK, 45), (_MONEY, 15)):
        match = pattern.search(lowered)
        if match:
            yield Reason("spam", *match.span(), weight)


def sarcasm_reasons(text: str) -> Iterator[Reason]:
    """Applause and upside-down smiles, for a text that is negative otherwise."""
    at = next((place for place, char in enumerate(text) if char in SARCASTIC_EMOJI), None)
    if at is not None:
        yield Reason("sarcasm_marker", at, at + 1, 40)


def hostilities(text: str, words: list[Word]) -> Iterator[int]:
    """How rude each rude word is. In quotation marks it is mostly somebody else's: half."""
    for word in words:
        if word.sense is not None and word.sense.hostility:
            quoted = text[max(0, word.start - 1) : word.start] in _QUOTES
            yield word.sense.hostility // 2 if quoted else word.sense.hostility


def _match(phrase: Phrase, words: list[Word], place: int) -> int:
    for part in phrase.rest:
        place = _next_place(part, words, place + 1)
        if place < 0:
            break
    return place


def _next_place(part: Part, words: list[Word], start: int) -> int:
    for place in range(start, min(start + 1 + MAX_GAP, len(words))):
        word = words[place]
        if part.matches(word.folded):
            return place
        if word.sense is not None and word.sense.negates:
            # "The rash has not gone" is not "the rash has gone".
            break
    return -1


def _disguised_chunks(text: str, words: list[Word]) -> Iterator[Finding]:
    plain = {
        word.start: word.end - word.start
        for word in words
        if word.sense and word.sense.hostility >= HOSTILE_FROM
    }
    for match in _CHUNK.finditer(text):
        chunk = match.group()
        if len(chunk) > LONGEST_WORD or not (_DISGUISE.search(chunk) or is_mixed(chunk.lower())):
            continue
        # A rude bit of a hidden word ("д@лб0ёб") does not speak for the whole.
        seen = max((plain.get(place, 0) for place in range(*match.span())), default=0)
        if 2 * seen < len(chunk):
            found = _hidden(chunk, *match.span())
            if found is not None:
                yield found


def _hidden(chunk: str, start: int, end: int) -> Finding | None:
    sense = read_disguised(chunk)
    if sense is None or not sense.signs:
        return None
    code, weight = max(sense.signs, key=lambda sign: sign[1])
    return Finding(Reason(code, start, end, weight), sense.valence, _meant(sense.hostility))


def _meant(hostility: int) -> int:
    """How rude a word is that somebody took the trouble to hide: whoever hides one means it."""
    return max(hostility, 60) if hostility >= HOSTILE_FROM else hostility
