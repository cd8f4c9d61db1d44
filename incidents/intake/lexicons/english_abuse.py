"""English words that are rude to people or obscene, and innocent ones that look like them.

Written for this product, for finding abuse and nothing else.
"""

from typing import Final

# Rude to people or obscene: code -> (weight, how hostile to a person 0..100) -> words.
HOSTILE: Final[dict[str, dict[tuple[int, int], str]]] = {
    "insult": {
        (80, 90): """moron moronic idiot idiots retard retarded imbecile cretin scumbag scum
            lowlife cunt whore slut bastard twat wanker dickhead douche douchebag shithead
            motherfucker asshole arsehole asshat dumbass jackass prick faggot fag nigger nigga
            tranny kike spic chink dipshit fuckwit fuckface cocksucker pigfaced halfwit dimwit
            nitwit bitch degenerate vermin pussies libtard""",
        (60, 65): """loser clown clowns brainless
            braindead parasite parasites pig pigs 
            imbecilic numbskull dunce peasant simp bootlicker shill shills""",
        (
            50,
            40,
        ): """pathetic fool fools dumb stupid trash disgrace shameless coward cowards leech
            jerk creep freak""",
    },
    "profanity": {
        (60, 60): """fuck fucked fucker fuckers fucking fuckin fking fkn fck fuk phuck fuckery
            clusterfuck shit shitty shitshow bullshit horseshit shite cock dick tits piss pissed
            wtf stfu gtfo fuckoff bollocks goddamn bs""",
        (30, 15): "crap crappy damn damned dammit hell arse ass lmfao wth bloody",
    },
}

# Spelled out for masked forms such as f**k: a mask may stand for any letter of these.
MASKED: Final = """
    fuck fucking fucked fucker shit shitty bitch bitches cunt asshole bastard dick whore slut
    bullshit motherfucker retard faggot nigger pussy idiot moron stupid scam scammers
    crap damn piss prick wanker twat
"""

# Russian abuse written in Latin letters, which no English word begins with.
TRANSLIT: Final = """
    suka suki cyka blyat blyad blat' bliad pizdec pizda pizdets pidor pidar pidaras huy hui nahui
    nahuy huynya huinya ebat yobany ebany yebat mudak debil urod ublyudok gandon dolboeb dolbaeb
    mraz tvar zaebali zaebal nahren govno
"""

# Words nobody may take for what they contain.
INNOCENT: Final = """
    scunthorpe penistone clitheroe lightwater essex sussex middlesex arsenal cockpit cocktail
    peacock hancock dickens hitchcock shitake shiitake cockatoo analysis analyst assess assassin
    class classic pass passion grass bass mass button hello shell therapist matsushita snigger
    titan title button niggle sextant cocoa dickinson fagus document cumulative
    burning-man kill-time sickest badass kickass
"""
