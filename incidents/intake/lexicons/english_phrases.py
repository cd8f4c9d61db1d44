"""English phrases: words that mean something together.

Code -> (weight 0..100, valence -4..4, hostility 0..100) -> one phrase a line. `*` ends a stem,
`|` gives a choice, and two words, none of them a negation, may stand between two parts.
"""

from typing import Final

PHRASES: Final[dict[str, dict[tuple[int, float, int], str]]] = {
    "injury": {
        (85, -2.5, 0): """burn*|burnt my|her|his face|skin|cheek*|eye*|hands
            chemical burn*
            face|skin|eye*|cheeks on fire
            in|at urgent|emergency care|room
            call*|called|take|taking|came an|the ambulance
            skin|face is|was|got|went red|swollen|peeling|burn*|raw
            went|rushed|ended to|up hospital|er|doctor|emergency
            can't|cant|cannot open my eye*|eyes
            allergic reaction
            eye*|eyes swollen|swelled
            had to see|call a doctor|dermatologist|ambulance
            skin came|coming|fell off
            break|breaking|broke|broken me|us|her|him|face|skin out
            hair|lashes|eyelashes|brows is|are|was|keeps|came|falling|fell|coming out
            made|makes|making me|my break|skin break*
            hair|eyelash|lash loss
            eye*|eyes is|are|keep|watering|burn*|red|watery
            skin|face|lips|eyes|scalp sting*|itch*|hurt*|peel*|burn*|crack*|tingl*
            covered in|with hives|spots|rash*|blister*|bumps
            bumps|spots|hives all over""",
    },
    "threat": {
        (70, -1.5, 0): """see you in court
            take|taking you|them to court
            class action
            call*|contact*|calling my lawyer|attorney
            report* you|them|this to
            legal action
            press charges""",
        (95, -3.5, 100): """kill you|them|yourself|urself
            hope you|they|u die|choke|rot|burn|suffer
            go die
            drop dead
            i'll|ill|will find you|u
            burn down your|the office|house|store|shop
            know where you|u live
            you|u deserve to die
            rot in hell
            burn in hell
            shoot|stab|beat you|u|them""",
    },
    "refund_request": {
        (75, -1.0, 0): """money back
            want a refund
            give|gimme me|us my|our money
            return|returned|returning this|it|mine|the
            how can|do i return
            pay|cover|covering for|my the|my|medical|doctor bill|bills|damage""",
    },
    "complaint": {
        (55, -1.8, 0): """waste of money|time
            what a joke
            total|complete|absolute|such joke
            do|does|did not|nt work
            doesn't|doesnt|didn't|didnt|don't work
            never buy*|again order*|again
            do|dont|don't not|buy buy|this
            stop|stopped work*|answering
            no response|reply|answer|one
            still waiting
            nobody|noone|no-one answer*|repl*|care*
            customer service joke|awful|terrible|useless|zero
            what|where is|the wrong|hell with|is
            want|wasted my money
            not worth
            shame on you
            last time i
            fed up
            sick of
            let down
            full of shit|crap|lies
            lost a customer
            went down|downhill hill""",
    },
    "accusation": {
        (70, -2.0, 0): """rip off
            ripping|ripped people|us|me off
            cover*|covering up
            you|they knew
            contains|there's|theres|has|found mercury|lead|formaldehyde|bleach|asbestos|acid|poison
            were|was|been warned
            delet*|deleting|hiding|hide comment*|comments|reviews
            paid|bought review*|reviews
            test* on animals
            causes|cause cancer
            don't|dont|do not|trust trust|them
            stop|stopped ly*|lying
            took my money
            expired batch|stock
            swept|sweep* under""",
    },
    "spam": {
        (70, 0.0, 0): """dm me|now|us for|to|on|and
            link in bio
            check|visit my profile|bio|page
            click|tap the|my|here link|profile|here
            follow for|me follow|back
            follow4follow|f4f
            free iphone|followers|gift|gifts|money
            make|earn|earned|made money|$ online|daily|weekly
            double your money|btc|bitcoin
            work from home
            promo code
            text|message|whatsapp|contact me|us|him|her on whatsapp|telegram|instagram
            claim your|ur prize|reward|gift
            passive income
            guaranteed profit*|returns""",
        (60, 0.0, 0): """official support
            support|care team dm|inbox|whatsapp|direct
            write|message|dm us in dm|dms|direct|inbox
            verify your account|order|identity""",
    },
    "support": {
        (50, 2.0, 0): """works great|well|fine|perfectly
            stay strong
            no problem*|issues at
            never had problem*|issue*|reaction
            leave them alone
            rash|redness|itching|eczema|acne|irritation|swelling gone|cleared|healed|disappeared
            cleared|healed|cured|soothed|calmed my|the rash|redness|eczema|acne|irritation|skin
            with you guys
            well done
            good job|work
            can't|cant wait
            holy grail""",
    },
    "sarcasm_marker": {
        (60, -2.0, 0): """thanks for nothing
            thanks a lot
            thanks to you|them|this
            great|nice|good job lumping|ruining|killing|burning|destroying
            slow clap
            oh great|wonderful|fantastic|lovely|wow|sure
            yeah right
            sure jan
            what could go wrong
            how nice|lovely|convenient|sweet|generous of
            10 10|stars would|recommend
            so much for
            just what i|my
            best|love feeling|day ever|it when
            who needs
            bravo
            as if
            love|loving how|that my
            gotta|got love""",
    },
}
