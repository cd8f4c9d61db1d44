import re
from dataclasses import replace
from itertools import product

import pytest
from django.utils import translation

from incidents.escalation.wording import Item, compose

STEP = Item(
    kind="escalation_step",
    reference="CR-2026-0142",
    severity="critical",
    open_minutes=12,
    round=1,
    step=3,
    link="https://crisis.example/i/CR-2026-0142",
    acknowledge_link="https://crisis.example/ack/abc",
)
KINDS = (
    "escalation_step",
    "snooze_end",
    "acknowledgement_expiry",
    "follow_up_due_soon",
    "follow_up_overdue",
    "follow_up_ignored",
    "approval_needed",
    "milestone_missed",
    "promised_update",
    "no_owner",
    "alarm",
    "unanswered_mentions",
)
ALARMS = (
    "nobody_reached",
    "policy_broken",
    "plan_broken",
    "reminder_parked",
    "last_contact_point_refuses",
    "notification_dead",
    "",
)


def test_says_what_to_react_to_and_how():
    message = compose([STEP], language="en")
    assert message.subject == (
        "CRITICAL CR-2026-0142: waiting for a reaction, opened 12 minutes ago"
    )
    assert message.body_text == (
        "CRITICAL CR-2026-0142\n"
        "Waiting for a reaction. Opened 12 minutes ago. Step 3, round 1.\n"
        "Open: https://crisis.example/i/CR-2026-0142\n"
        "Acknowledge: https://crisis.example/ack/abc\n"
        "\n"
        "The link to acknowledge is yours alone: please do not forward it.\n"
    )
    assert message.short_text == (
        "CRITICAL CR-2026-0142: waiting for a reaction, opened 12 minutes ago "
        "https://crisis.example/ack/abc"
    )


def test_speaks_russian():
    message = compose([STEP], language="ru")
    assert message.subject == "КРИТИЧЕСКИЙ CR-2026-0142: ждёт реакции, открыт 12 минут назад"
    assert "Ждёт реакции. Открыт 12 минут назад. Шаг 3, круг 1." in message.body_text
    assert "Взять в работу: https://crisis.example/ack/abc" in message.body_text


@pytest.mark.parametrize(
    ("minutes", "english", "russian"),
    [
        (1, "1 minute", "1 минуту"),
        (2, "2 minutes", "2 минуты"),
        (5, "5 minutes", "5 минут"),
        (11, "11 minutes", "11 минут"),
        (21, "21 minutes", "21 минуту"),
        (42, "42 minutes", "42 минуты"),
        (111, "111 minutes", "111 минут"),
        (119, "119 minutes", "119 минут"),
        (120, "2 hours", "2 часа"),
        (21 * 60 + 59, "21 hours", "21 час"),
        (47 * 60, "47 hours", "47 часов"),
        (48 * 60, "2 days", "2 дня"),
        (365 * 24 * 60, "365 days", "365 дней"),
    ],
)
def test_says_how_late_it_is_in_the_right_plural(minutes, english, russian):
    late = replace(STEP, late_minutes=minutes)
    assert compose([late], language="en").subject.endswith(f"delayed by {english}")
    assert compose([late], language="ru").subject.endswith(f"с опозданием на {russian}")


@pytest.mark.parametrize(
    ("count", "english", "russian"),
    [
        (1, "1 mention is waiting", "1 упоминание ждёт"),
        (3, "3 mentions are waiting", "3 упоминания ждут"),
        (12, "12 mentions are waiting", "12 упоминаний ждут"),
        (101, "101 mentions are waiting", "101 упоминание ждёт"),
    ],
)
def test_counts_mentions_in_the_right_plural(count, english, russian):
    item = Item(kind="unanswered_mentions", count=count, due_minutes=-90)
    assert compose([item], language="en").subject == (
        f"Reminder: {english} for an answer, the oldest for 90 minutes"
    )
    assert russian in compose([item], language="ru").subject


def test_is_labelled_as_a_drill_at_the_front():
    drill = replace(STEP, mode="drill")
    for language, label in (("en", "[DRILL] CRITICAL"), ("ru", "[УЧЕНИЯ] КРИТИЧЕСКИЙ")):
        message = compose([drill], language=language)
        for text in (message.subject, message.body_text, message.short_text):
            assert text.startswith(label)
        bundle = compose([drill, replace(drill, reference="CR-2026-0143")], language=language)
        for text in (bundle.subject, bundle.body_text, bundle.short_text):
            assert text.startswith(label.split()[0])


def test_never_makes_a_real_crisis_look_like_a_drill():
    drill = replace(STEP, mode="drill", reference="CR-2026-0001")
    message = compose([drill, replace(STEP, severity="low")], language="en")
    assert message.subject == (
        "2 reminders: LOW CR-2026-0142 (waiting for a reaction), "
        "[DRILL] CRITICAL CR-2026-0001 (waiting for a reaction)"
    )
    assert message.body_text.startswith("LOW CR-2026-0142")


def test_bundles_the_most_severe_first():
    items = [
        replace(STEP, reference=f"CR-2026-{number}", severity=severity)
        for number, severity in enumerate(["low", "critical", "", "high"])
    ]
    message = compose(items, language="en")
    assert message.subject == (
        "4 reminders: CRITICAL CR-2026-1, HIGH CR-2026-3, LOW CR-2026-0, CR-2026-2"
    )
    assert re.findall(r"^(?:\w+ )?(CR-2026-\d)$", message.body_text, re.M) == [
        "CR-2026-1",
        "CR-2026-3",
        "CR-2026-0",
        "CR-2026-2",
    ]


def test_counts_what_it_has_no_room_to_name():
    items = [replace(STEP, reference=f"CR-2026-{number:04}") for number in range(500)]
    message = compose(items, language="ru")
    assert message.short_text.startswith("500 напоминаний: КРИТИЧЕСКИЙ CR-2026-0000, ")
    named = message.short_text.count("CR-")
    assert message.short_text.endswith(f" и ещё {500 - named}")
    assert "и ещё 480" in message.body_text


def test_tells_several_steps_of_an_incident_as_the_highest():
    steps = [
        replace(STEP, step=1, round=2, late_minutes=42),
        replace(STEP, step=3, round=1, late_minutes=50),
        replace(STEP, step=2, round=2, late_minutes=30),
    ]
    message = compose(steps, language="en")
    assert message.subject.endswith("delayed by 50 minutes")
    assert "Step 2, round 2." in message.body_text
    assert "Step 1" not in message.body_text
    other = replace(STEP, reference="CR-2026-0143")
    assert compose([*steps, other], language="en").subject.startswith("2 reminders")


def every_item():
    for kind, mode, due, severity in product(
        KINDS, ("standard", "drill"), (None, -7, 0, 61), ("critical", "")
    ):
        for alarm in ALARMS if kind == "alarm" else ("",):
            yield Item(
                kind=kind,
                reference="CR-2026-123456",
                severity=severity,
                mode=mode,
                open_minutes=99999,
                due_minutes=due,
                late_minutes=3000,
                round=20,
                step=50,
                count=21,
                alarm_code=alarm,
                link="https://crisis.example/" + "i" * 60,
                acknowledge_link="https://crisis.example/ack/" + "t" * 140,
            )


def test_fits_an_sms_whatever_there_is_to_say():
    for item in every_item():
        for language in ("en", "ru"):
            message = compose([item], language=language)
            assert len(message.short_text) <= 160
            assert len(message.subject) <= 150
            assert "%(" not in message.body_text
            assert "\n" not in message.subject + message.short_text
            assert "…" not in message.short_text


def test_leaves_nothing_english_in_russian():
    for item in every_item():
        message = compose([item], language="ru")
        said = re.sub(r"https://\S+|CR-\d+-\d+|\(alarm\)", "", message.body_text)
        assert not re.search(r"[A-Za-z]", said), said


def test_shortens_a_link_away_rather_than_cutting_it():
    long_link = replace(STEP, acknowledge_link="https://crisis.example/ack/" + "t" * 140)
    assert compose([long_link], language="en").short_text.endswith(" " + STEP.link)
    both = replace(long_link, link="https://crisis.example/" + "i" * 140)
    assert "https" not in compose([both], language="en").short_text


def test_says_who_must_do_what_about_what_has_a_due_time():
    item = Item(kind="follow_up_overdue", reference="CR-2026-0142", due_minutes=-3 * 24 * 60)
    assert compose([item], language="en").subject == (
        "CR-2026-0142: a follow-up action is overdue by 3 days"
    )
    soon = replace(item, kind="promised_update", due_minutes=15)
    assert compose([soon], language="ru").subject == (
        "CR-2026-0142: обещанное публичное обновление нужно выпустить через 15 минут"
    )


def test_names_an_alarm_it_has_no_words_for_by_its_code():
    item = Item(kind="alarm", alarm_code="disk_full")
    assert compose([item], language="en").subject == "Alarm: something needs a person (disk_full)"


def test_still_makes_a_message_of_what_it_does_not_know():
    item = Item(kind="new_kind", reference="CR-2026-0142", severity="apocalyptic")
    assert compose([item], language="de").subject == "CR-2026-0142: your attention is needed"


def test_keeps_a_subject_on_one_line():
    item = replace(STEP, reference="CR-1\r\nBcc: everybody@example.org")
    message = compose([item], language="en")
    assert "\n" not in message.subject + message.short_text
    assert "\r" not in message.subject + message.short_text


def test_leaves_the_language_of_the_process_alone():
    with translation.override("ru"):
        compose([STEP], language="en")
        assert translation.get_language() == "ru"


def test_refuses_to_say_nothing():
    with pytest.raises(ValueError, match="something to say"):
        compose([], language="en")
