"""What a message says that tells of several things at once."""

from dataclasses import replace

from incidents.escalation.wording import Item, compose

STEP = Item(
    kind="escalation_step",
    reference="CR-2026-0001",
    severity="critical",
    open_minutes=5,
    round=2,
    step=1,
    link="https://crisis.example/i/1",
    acknowledge_link="https://crisis.example/ack/abc",
)
MILESTONE = replace(STEP, kind="milestone_missed", due_minutes=0, round=0, step=0)
FOLLOW_UP = replace(
    STEP,
    kind="follow_up_overdue",
    due_minutes=-180,
    round=0,
    step=0,
    link="https://crisis.example/f/1",
    acknowledge_link="",
)
DRILL = replace(STEP, reference="CR-2026-0009", mode="drill", link="https://crisis.example/i/9")


def test_says_what_is_wanted_for_one_incident_and_names_it_once():
    message = compose([MILESTONE, STEP], language="en")
    assert message.subject == (
        "CRITICAL CR-2026-0001: waiting for a reaction, opened 5 minutes ago; "
        "a milestone has been missed"
    )
    assert message.short_text == message.subject + " https://crisis.example/ack/abc"
    assert message.body_text == (
        "CRITICAL CR-2026-0001\n"
        "Waiting for a reaction. Opened 5 minutes ago. Step 1, round 2. "
        "A milestone has been missed.\n"
        "Open: https://crisis.example/i/1\n"
        "Acknowledge: https://crisis.example/ack/abc\n"
        "\n"
        "The link to acknowledge is yours alone: please do not forward it.\n"
    )


def test_says_it_in_russian_too():
    message = compose([MILESTONE, STEP], language="ru")
    assert message.subject == (
        "КРИТИЧЕСКИЙ CR-2026-0001: ждёт реакции, открыт 5 минут назад; пропущен контрольный срок"
    )
    assert message.body_text.count("CR-2026-0001") == 1
    assert message.body_text.count("https://crisis.example/i/1") == 1


def test_gives_programs_every_one_of_them():
    message = compose([MILESTONE, STEP, FOLLOW_UP], language="en")
    assert {item.kind for item in message.items} == {STEP.kind, MILESTONE.kind, FOLLOW_UP.kind}


def test_keeps_each_link_with_what_it_leads_to():
    message = compose([FOLLOW_UP, STEP], language="en")
    assert message.body_text.startswith(
        "CRITICAL CR-2026-0001\n"
        "Waiting for a reaction. Opened 5 minutes ago. Step 1, round 2.\n"
        "Open: https://crisis.example/i/1\n"
        "Acknowledge: https://crisis.example/ack/abc\n"
        "A follow-up action is overdue by 3 hours.\n"
        "Open: https://crisis.example/f/1\n"
        "\n"
    )


def test_repeats_no_sentence_and_leaves_out_no_link():
    links = [f"https://crisis.example/f/{number}" for number in range(3)]
    message = compose([replace(FOLLOW_UP, link=link) for link in links], language="en")
    assert message.subject == (
        "CRITICAL CR-2026-0001: a follow-up action is overdue by 3 hours, opened 5 minutes ago"
    )
    assert message.body_text == (
        "CRITICAL CR-2026-0001\n"
        "A follow-up action is overdue by 3 hours. Opened 5 minutes ago.\n"
        + "".join(f"Open: {link}\n" for link in links)
    )


def test_says_of_a_few_incidents_what_is_wanted_for_each():
    low = replace(FOLLOW_UP, reference="CR-2026-0002", severity="low")
    message = compose([low, low, MILESTONE, STEP], language="en")
    assert message.subject == (
        "2 reminders: CRITICAL CR-2026-0001 (waiting for a reaction; a milestone has been missed), "
        "LOW CR-2026-0002 (a follow-up action is overdue by 3 hours)"
    )


def test_only_names_the_incidents_where_there_is_no_room_for_more():
    others = [replace(MILESTONE, reference=f"CR-2026-{n:04}", severity="low") for n in range(2, 6)]
    message = compose([STEP, MILESTONE, *others, *others], language="en")
    assert message.short_text == (
        "5 reminders: CRITICAL CR-2026-0001, LOW CR-2026-0002, LOW CR-2026-0003, "
        "LOW CR-2026-0004, LOW CR-2026-0005"
    )


def test_groups_what_is_about_one_incident_however_it_was_mixed():
    other = replace(STEP, reference="CR-2026-0002")
    third = replace(MILESTONE, reference="CR-2026-0002")
    body = compose([STEP, other, MILESTONE, third], language="en").body_text
    assert body.count("CRITICAL CR-2026-0001\n") == body.count("CRITICAL CR-2026-0002\n") == 1


def test_counts_what_is_left_out_of_a_short_text():
    kinds = ("snooze_end", "acknowledgement_expiry", "no_owner", "assigned", "approval_needed")
    items = [replace(MILESTONE, kind=kind) for kind in kinds]
    message = compose(items, language="en")
    assert message.short_text.startswith(
        "CRITICAL CR-2026-0001: the snooze is over, waiting for a reaction; "
    )
    assert message.short_text.endswith("reaction and 3 more https://crisis.example/i/1")
    assert len(message.short_text) <= 160


def test_tells_a_drill_apart_from_what_is_real():
    message = compose([DRILL, replace(FOLLOW_UP, severity="low")], language="en")
    real, drill = message.body_text.split(
        "What follows is a drill, an exercise: nobody outside the team is told anything.\n"
    )
    assert "CR-2026-0001" in real
    assert "DRILL" not in real
    assert drill.startswith("\n[DRILL] CRITICAL CR-2026-0009\n")
    assert "A drill is an exercise" not in message.body_text


def test_tells_a_drill_apart_in_russian():
    body = compose([STEP, DRILL], language="ru").body_text
    heading = "Дальше — учения: никто за пределами команды ничего не получит."
    assert body.index("CR-2026-0001") < body.index(heading) < body.index("CR-2026-0009")


def test_puts_the_counts_of_a_digest_into_one_line():
    counts = [
        Item("unanswered_mentions", count=3, link="https://crisis.example/m"),
        Item("open_follow_ups", count=2, link="https://crisis.example/f"),
    ]
    message = compose(counts, language="en")
    assert message.subject == (
        "Reminder: 3 mentions are waiting for an answer; 2 follow-ups of yours are open"
    )
    assert message.body_text == (
        "Reminder\n"
        "3 mentions are waiting for an answer.\n"
        "Open: https://crisis.example/m\n"
        "2 follow-ups of yours are open.\n"
        "Open: https://crisis.example/f\n"
    )


def test_calls_what_was_promised_in_public_a_promise():
    promise = replace(FOLLOW_UP, subject_kind="commitment")
    said = "CRITICAL CR-2026-0001: a promise made in public is overdue by 3 hours"
    assert compose([promise], language="en").subject.startswith(said)
    said = "КРИТИЧЕСКИЙ CR-2026-0001: публичное обещание просрочено на 3 часа"
    assert compose([promise], language="ru").subject.startswith(said)
    for kind in ("follow_up_due_soon", "follow_up_overdue", "follow_up_ignored"):
        for minutes in (-1, 0, 1):
            item = replace(promise, kind=kind, due_minutes=minutes)
            assert "a promise made in public" in compose([item], language="en").subject
            assert "публичн" in compose([item], language="ru").subject
