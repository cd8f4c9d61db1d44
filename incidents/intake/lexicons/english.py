"""English words: how they feel, and what they are a sign of.

Base forms only; `vocabulary` adds the regular endings. Written for this product.
"""

from typing import Final

# How a word feels, from -4 (dreadful) to 4 (wonderful).
VALENCE: Final[dict[float, str]] = {
    3.2: """
        love adore amazing awesome excellent fantastic wonderful brilliant superb magnificent best
        phenomenal outstanding ecstatic thrilled bliss blissful miracle masterpiece epic sweetest
        happiest greatest loveliest incredible gorgeous beautiful marvelous marvellous delighted
        extraordinary spectacular stunning triumph overjoyed heavenly flawless winner champion
    """,
    2.7: """
        great happy joy joyful perfect delicious delightful lovely excited exciting exhilarating
        hilarious celebrate celebration glorious elegant genius hero fabulous terrific victory win
        won proud success successful thank thanks thankful grateful gratitude blessed blessing
        laugh laughter heaven paradise glad cheer cheerful charming inspired inspiring inspiration
        fun funny beauty adorable cutest yay hooray woohoo woot hurray congrats congratulations
        congratulate rejoice sunshine treasure beloved romantic passion passionate impressed
        impressive superior sexy loving laughing merry freedom hug kiss yum yummy rofl lmao lmfao
        cherish fascinating enjoyable bestie fave epicness grin
    """,
    2.0: """
        good nice sweet cute enjoy like cool favorite favourite smile smiling pleased pleasant
        pleasure welcome kind friendly warm friend special brave bright clever comfort comfortable
        cosy cozy confident creative dear fresh generous gentle gift giggle glowing healthy helpful
        honest honor honour hope hopeful interesting joke joking luck lucky luckily peace peaceful
        play playful positive praise prefer pretty reward rich satisfied satisfying smart
        support supportive talent talented trust valuable wise worth worthy wow xoxo appreciate
        appreciated appreciation admire amused amusing attractive benefit благ better calm
        care caring charm classy clean creative dream eager ease easy encourage encouraging
        energetic enthusiastic entertaining fair faith fantasy festive fine flatter forgive
        heal heart helped help improve improved improvement innocent legit lively loyal
        magical magic polite popular powerful precious promise ready relax relaxed relaxing
        relief relieved respect romance safe safely save saved secure shine shiny sincere
        strong stronger strength sunny surprise sympathy tender truth useful vivid wealth wish
        wonder lol haha hahaha hehe lolz congrat vacation holiday birthday party weekend gem
        recommend goodness bonus dope lit rocks rockin chill bliss awe pumped stoked score
        hype bravo solid favor favour adventure pal buddy darling angel princess
    """,
    1.2: """
        ok okay yes yeah yep agree accept able active alive approve aww awww big certain clear
        cleverly curious decent demand determined effective explore fan free fond fit
        ideal important interested intimate join keen laid learn lead mature matter natural neat
         offer okayish opportunity original outgoing  plus progress protect proper
        responsive resolve resolved share significant soothe spirit straight stable sure
        understand upgrade vital vibrant well willing worthwhile young grow grew gain achieve
        rest award awarded huggable accomplish accomplished refreshing agreeable tasty
        hopefully definitely truly dance dancing sing music beach
    """,
    -1.2: """
        meh bored boring tired tire late lazy slow awkward busy cold sore stuck miss missed missing
        weird strange odd unsure doubt doubtful confuse confused confusing crap damn darn dull delay
        delayed drop empty expensive forget forgot forgotten hard difficult heavy hungry ignore
        ignored lack least less limited lonely alone loud lost loose mess messy mistake nervous
        noisy oops ouch overpriced pressure problem question rough rush serious shock shocked
        shy silly sigh sleepy sorry spill stop stopped strict struggle stubborn tense tight trick
        trouble uncomfortable unclear unfair unknown vague waste wasted weak worry worried worrying
        wrong nah nope avoid cheap chaos clumsy dirty disturb dizzy exhausted exhausting flop
        hesitate issue dumbfounded jealous lame leave messed mourn dread fault cut cry cries cried
        cant interrupt hiding headache stiff homework exam traffic bill
    """,
    -1.9: """
        bad sad annoy annoyed annoying upset fail failed failure fake fear afraid scared scary
        scare ache ached hurt pain painful sick ill ugly stupid dumb nasty rude selfish lie
        liar lied lying loser lose losing mad angry anger argue argument bitter blame bother
        break broke broken complain complaint conflict crash creepy crisis critical criticize
        cruel curse damage damaged danger dangerous defeat defective deny depress depressed
        depressing desperate despair disagree disappoint disappointed disappointing
        disappointment discourage dislike dismal distress fight fool foolish fraud frustrate
        frustrated frustrating frustration gloomy greedy grief grim gross guilt guilty harm
        harmful harsh hostile ignorant illegal injure injury insane insecure insult irritate
        irritated irritating lousy mean misery mislead misleading mock negative neglect
        negligent nightmare nonsense offend offended offensive outrage outraged panic pathetic
        pity poor poorly refuse reject rejected regret ridiculous rob ruin ruined scream shame
        shameful sloppy smelly spoil spoiled stink stinks stinky stress stressed stressful
        suck sucked sucks sucky suffer suffered suffering suspicious terrified threat threaten
        tragedy tragic ugh unacceptable unhappy unhelpful unpleasant unprofessional unsafe
        useless worse worthless violent wound yuck yucky weep wtf smh fml crazy hopeless
        drunk garbage trash rubbish junk bug broke hungover lonely unreliable unfortunate
        unfortunately allergic allergy rash itch itchy burnt sting swollen
        infection virus flu fever cough vomit puke nausea bleed blood cancer cheat cheated
        cheater corrupt crime criminal debt abandon abandoned accident ashamed battle shady
        beg bully bullied bullying burden careless complicated contempt crushed dead disaster
        drown enemy fatal filthy heartbroken heartless homeless idiotic ignorance inferior
        mourning neglected obnoxious penalty pissed plague punish punished recall rip scold
        sinister sob steal stole stolen sue suicide toxic traitor traumatic ungrateful
        unlucky vicious victim villain warning wreck wrecked disrespect disrespectful sucker
        horrid bust bummer bummed downer distracted
    """,
    -2.7: """
        hate hated hating horrible terrible awful disgust disgusting disgusted disgrace
        disgraceful worst die died dying death kill killed killer murder murdered abuse abused
        abusive scam scammed scammer poison poisoned poisonous appalling atrocious dreadful
        vile evil hell horror horrify horrified horrific horrifying terror terrorist terrorism
        destroy destroyed destruction devastate devastated devastating despise loathe repulsive
        revolting sickening catastrophe catastrophic fury furious enraged rage torture tortured
        betray betrayed betrayal cry hideous heartbreaking agony disgustingly deadly
        blister scar scarred scarring burns hospital rape raped rapist racist racism bomb war
        attack attacked scum vomiting hospitalized lawsuit fuck fucked fucking shit shitty
        bullshit bitch bastard asshole cunt crappy goddamn nazi
    """,
}

# Words that make the next one stronger (above 0) or weaker (below 0).
BOOSTERS: Final[dict[float, str]] = {
    0.30: """
        very really so extremely absolutely totally completely incredibly insanely super too such
        utterly deeply highly hugely especially particularly truly most more fully freaking
        fricking frickin freakin fucking effing damn bloody mad hella heckin awfully
        quite literally seriously
    """,
    -0.30: """
        slightly somewhat kinda kind-of sorta barely hardly little bit almost partly fairly
        less marginally occasionally sort
    """,
}

NEGATIONS: Final = """
    not no never none nobody nothing neither nor nowhere cannot cant can't dont don't doesnt
    doesn't didnt didn't isnt isn't arent aren't wasnt wasn't werent weren't wont won't wouldnt
    wouldn't shouldnt shouldn't couldnt couldn't hasnt hasn't havent haven't hadnt hadn't aint
    ain't without hardly rarely seldom despite zero
"""

# What a word is a sign of: code -> weight 0..100 -> words.
SIGNS: Final[dict[str, dict[int, str]]] = {
    "injury": {
        90: """hospital hospitalized hospitalised hospitalization ambulance anaphylaxis anaphylactic
            blinded seizure poisoned poisoning""",
        75: """blister blistered blistering burn burnt burned burning swelling swollen
            rash hives allergic allergy welt scar scarring scarred scarred bleeding bled vomited
            vomiting scab chemical-burn eczema dermatitis peeling raw injury injured injure puffy
            faint fainted sting stung stinging suffocating""",
        55: """itch itchy itching redness irritation inflamed inflammation breakout
            dermatologist nausea nauseous migraine dizzy wound tingling sore ER""",
    },
    "threat": {
        60: "lawsuit sue suing sued lawyer attorney fda regulator ombudsman police prosecutor",
    },
    "complaint": {
        60: """unacceptable disgusting horrible terrible awful worst garbage trash rubbish defective
            appalling atrocious disgrace disgraceful unusable""",
        45: """disappointed disappointing disappointment broken useless faulty ruined ruin ignored
            unprofessional overpriced unreliable expired refuse waste wasted worse complaint
            complain regret frustrated frustrating ridiculous pathetic shame shameful furious
            outrage outrageous outraged avoid boycott
            unfollow unsubscribe""",
        30: "bad poor rude slow late delayed missing damaged crappy sucks suck fail failed cheap",
    },
    "accusation": {
        70: """scam scammer scammed scamming fraud fraudulent ripoff rip-off liar lie lied lying
            counterfeit poison crooks crook thief thieves steal stole stealing stolen
            criminal criminals coverup cover-up""",
        50: """fake shady misleading mislead deceptive deceive deceived deceiving censor censoring
            censored censorship illegal unethical corrupt carcinogenic carcinogen toxic
            cheat cheated cheating negligent negligence""",
    },
    "refund_request": {70: "refund refunded chargeback reimburse reimbursement compensation"},
    "spam": {
        45: """airdrop giveaway giveaways forex casino onlyfans bitcoin btc crypto nft cashapp
            betting jackpot investor""",
        25: "promo invest investment trader trading earn earning subscribe followers telegram "
        "whatsapp dm",
    },
    "support": {
        50: """love loving loved adore recommend thank thanks amazing awesome excellent
            fantastic perfect wonderful brilliant favorite favourite obsessed gorgeous""",
        30: "great good nice happy glad beautiful best cute",
    },
    "sarcasm_marker": {50: "suuure yeahright"},
    "question": {20: "how when where why which who whose what"},
}
