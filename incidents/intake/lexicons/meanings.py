"""Words that say the same, in Russian and English: what a claim is made of, whatever the product.

A meaning -> stems. Any ending may follow a stem; `=` before a word means this form alone, and the
longest stem wins. `ё` is `е` throughout. Written for this product.
"""

from typing import Final

# What somebody can say of a product or of a brand: two mentions of one claim share one of these.
SAID: Final[dict[str, str]] = {
    "burn": """
        жж жжет жжен жег жгл жечь жгуч ожог ожег обжег обжиг обжеч сожг сожж сжег сжечь горит
        горят горел пылает пылают печет щип burn scald sting stung fire flam tingl blister волдыр
        пузыр
    """,
    "rash": """
        сып сыпь высып обсып прыщ крапивниц пятн rash hive pimpl acne spot bump breakout акне зуд
        чеш чешет чешут itch scratch раздраж irritat покрасн красн redness =red аллерг allerg
        reaction реакци
    """,
    "swell": "отек отекл опух распух припух swell swollen puff",
    "peel": "шелуш облез облаз слезает слез сполз peel flak сушит пересуш dry dries dried",
    "hair_loss": """
        выпад выпал лысе облысе bald шейд shedd =thinning =fall =falls =falling =fell поредел ломк
        лезут
    """,
    "smell": """
        воня вонь вонищ пахн запах смерд тухл протух smell stink stank stench odor odour reek
        rotten
    """,
    "expired": "просроч просрок срок годност expir outdated =shelf переклеен перебит",
    "fake": """
        поддел паленк паленая контрафакт фейк левак левый левая fake counterfeit knockoff replica
    """,
    "late": """
        опозд опазд задерж задерж жду ждем ждать ждал дождат долго late delay wait waited waiting
        overdue =never =weeks недел месяц
    """,
    "missing": """
        =пришел =пришла =пришло недоклад недостает пустая пустой потеря потеря пропал lost missing
        empty vanish
    """,
    "refund": """
        возврат возвращ вернут верните вернул верну возмест возмещ компенс refund reimburs
        chargeback moneyback
    """,
    "silence": """
        молч игнор отвеч ответ ответил ответьте отписк трубк дозвон дозвон ignor respond respons
        answer reply replied replies silent ghosted unanswer
    """,
    "censor": """
        удал удаля трут трете чист чистят скрыв скрыли блокир забанил бан цензур delet remov
        censor hid hides hiding block ban banned banning
    """,
    "animals": "животн кролик кроликах зверюш зверушк animal rabbit bunny bunnies cruelty",
    "test": "тестир испытыв испытан опыт опыты test experiment",
    "poison": """
        отрав яд ядов токсич свинец свинц ртут парабен формальдегид мышьяк химоз химия химию
        канцероген poison toxic lead mercury paraben formaldehyde arsenic carcinogen chemical
        asbestos cancer рак онколог
    """,
    "dear": """
        дорог дорож подорож цен цены цену ценник переплат expensiv overpric price pricey pricier
        cost costs hike raised подня подорожал
    """,
    "shrunk": "меньше усох уменьш недолив полупуст shrink shrunk smaller less =halfempty",
    "broken": """
        сломал слома слом треснул треснут разбит разбил протек протеч потек дозатор помп брак
        бракован broke broken crack leaking pump shatter defect
    """,
    "changed": "состав формул поменял изменил испортил formula recipe changed reformulat",
    "scam": """
        обман обманщ обману обманыв мошен развод развел кинул кидал лохотрон жулик scam scamm
        fraud cheat swindl ripoff =rip украл украли списал списали steal stole charged charge
    """,
    "leak_data": """
        утечк слил слили слит персональн паспорт взлом =address leak breach hacked hack личные
        privacy =data =database баз базу базы
    """,
    "racist": """
        расист расизм нацист дискримин оскорбил оскорбля racist racism discriminat offens sexist
        сексист сексизм
    """,
    "bribed": "купленн проплач накрут накруч подкуп paid bribed bought sponsored боты ботов bots",
    "rude": "хам хамит хамят хамств груб нахам нагруб rude rudeness yell yelled shouted insulted",
    "blind": "ослеп зрени blind vision eyesight",
    "worms": "червяк черв личинк плесен жук таракан mold mould worm maggot larva bug insect",
    "stain": "окрасил пятнит полиня линя stain dye bleed",
    "unpaid": """
        зарплат зарплаты увол увольн сотрудник wages salary unpaid fired layoff employees staff
    """,
    "unhelpful": "бесполез эффект помога помогл работает useless effect ineffective",
    "subscription": "подписк автосписан автоплат subscription renew recurring autorenew",
}
# What it is said of, and whom it happened to.
ABOUT: Final[dict[str, str]] = {
    "skin": "кож лиц щек лоб шея шею шеи подбород ожив морд skin face cheek forehead neck chin",
    "eyes": "глаз век веки веках ресниц eye eyelid lash lashes",
    "hair": "волос волосы макуш кож головы hair scalp",
    "lips": "губ lip mouth рот рту",
    "product": """
        крем маск тоник сыворотк шампун мазь лосьон гел помад тушь скраб пенк продук средств cream
        mask toner serum shampoo lotion gel lipstick mascara scrub foam product stuff moisturizer
        moisturiser
    """,
    "parcel": """
        посыл заказ доставк достав курьер пункт трек пакет коробк parcel packag order deliver
        shipment shipping courier track box
    """,
    "comment": "коммент отзыв отклик comment review feedback rating",
    "money": "деньг денег деньгами бабк средства руб рублей money cash dollar card карт карты",
    "support": """
        поддержк оператор менеджер чат чате горяч линия линии саппорт support service agent
        manager chat hotline helpdesk email почт письм
    """,
    "child": "ребен ребят дет дочк дочер сын малыш kid child daughter son baby toddler",
    "doctor": """
        врач больниц скор дерматолог травмпункт doctor hospital dermatolog clinic ambulance er
    """,
    "batch": "парти серия серии batch lot",
    "bottle": "флакон банк баночк тюбик бутыл упаков крышк bottle jar tube packaging lid cap",
    "blogger": "блогер блогерш инфлюенс обзорщик blogger influencer creator tiktoker",
    "staff": "продавец продавщиц консультант кассир сотрудниц девушк seller cashier consultant",
    "shop": "магазин бутик салон аптек shop store salon boutique pharmacy",
    "advert": "реклам ролик баннер advert =ad =ads commercial campaign",
}
# Said in every comment, and of nothing.
EMPTY: Final = """
    и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по только ее мне
    было вот от меня еще нет о из ему теперь когда даже ну вдруг ли если уже или ни быть был него
    до вас нибудь опять уж вам ведь там потом себя ничего ей может они тут где есть надо ней для
    мы тебя их чем была сам чтоб без будто чего раз тоже себе под будет ж тогда кто этот того
    потому этого какой совсем ним здесь этом один почти мой тем чтобы нее сейчас были куда зачем
    всех никогда можно при наконец два об другой хоть после над больше тот через эти нас про всего
    них какая много разве три эту моя впрочем хорошо свою этой перед иногда лучше чуть том нельзя
    такой им более всегда конечно всю между это очень просто вообще прям ваш ваша ваше ваши вашего
    вашей вашем вашу вашим наш твой мое мои мою моей моего свой своих который которая которые
    которую блин капец ужас кошмар люди ребята девочки девчонки народ пожалуйста спасибо привет
    здравствуйте сегодня вчера завтра день дня дней такое такая такие эта этим этих весь вся целый
    первый раза сразу снова типа the a an and or is are was were be been being am i you he she it
    we they my your his her our their this that these those to of in on for with at from by about
    as if but so just very really too not no dont don't doesn't didn't do does did have has had
    having can cant can't could would should will wont im i'm ive i've its it's me him them us
    what which who how why when where there here then than also after before again ever still even
    only out up down over into all any some more most other such now today yesterday day days one
    two get got getting guys people please thanks hi hello lol omg wtf ok well yes yeah oh like
    since because u ur you're youre whole same
"""
