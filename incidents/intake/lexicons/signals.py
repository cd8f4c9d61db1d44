"""Emoji and emoticons, by how they feel, and the few foreign words that tell languages apart."""

from typing import Final

EMOJI: Final[dict[float, str]] = {
    2.0: "😍🥰😘❤♥💕💖💗💛💚💙💜🧡🤩😊☺😁😄😃🎉🥳💯🙌😂🤣😻💞💓🌟⭐✨🏆💪👍🙏🤗😇😎🔥💐🌹🌸👌🥹",
    0.8: "🙂😉😋😜👀🎁🤝👋🌞😅",
    -1.2: "😐😑🙁☹😕😟😬🤔😮😳🥴😶🫤🙄",
    -2.0: "😢😭😞😔😩😫😖😣😨😰😱😓🥺💔👎🤦🤕😷🚫❌⚠🥵🤒😿",
    -2.8: "😡🤬😠👿💩🤢🤮💀☠🖕🚑🔪🤡🐀🐍",
}
# Praise that is seldom meant.
SARCASTIC_EMOJI: Final = "🙃👏🤡💅🍿"

EMOTICONS: Final[dict[float, tuple[str, ...]]] = {
    2.0: (
        ":)",
        ":-)",
        ";)",
        ";-)",
        ":D",
        ":-D",
        "=)",
        "xD",
        "XD",
        "<3",
        ":*",
        ":P",
        ":-P",
        ":p",
        "(:",
        "^_^",
        "^^",
        "=D",
        ":3",
        ";D",
        "8)",
        ":')",
        ";P",
    ),
    -2.0: (
        ":(",
        ":-(",
        ":'(",
        "=(",
        ":/",
        ":-/",
        ">:(",
        "D:",
        ":|",
        ":\\",
        ":-|",
        "</3",
        "-_-",
        ":c",
        "T_T",
        ":@",
        ";(",
    ),
}

# Letters that Russian and English do without.
OTHER_CYRILLIC: Final = "іїєґўәғқңөұүһҳҷӯ"
FOREIGN_WORDS: Final = """
    el la los las una por que para con est pero muy gracias esta como
    der die das und ist nicht ich sie wir ein eine auch aber mit
    le les des est une pas je vous nous avec pour mais cest tres
    il che non sono per questo molto grazie
    bir ve bu cok icin degil ben ama
    nie jest sie jak ale czy dla bardzo
    nao uma voce muito obrigado isso
    yang dan ini saya tidak untuk
"""
ENGLISH_WORDS: Final = """
    the a an and or is are was were i you he she it we they my your his her our their this that
    to of in on for with at from not dont do does did have has had be been what when where why how
    can could will would just so very all any some more me him them us if but as by about out up
    no yes im its ur u lol
"""
