"""Stories of answers before asking: nothing unconfirmed is told or computed; whom to call, by clock and language."""

from datetime import UTC, date, datetime, time

import pytest
from django.core.exceptions import ValidationError

from students import guidance, loading
from students.tests.make import NOW, make_confirmed_topic, make_topic, make_worker
from students.topics import DeadlineRule, Helpline, OfficialLink, Topic, TopicQuestion, University

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)


def make_question(topic: Topic, key: str, kind: str = "yes_no", **fields) -> TopicQuestion:
    texts = {f"text_{language}": f"{key}?" for language in ("tr", "az", "en")}
    return TopicQuestion.objects.create(topic=topic, key=key, kind=kind, **(texts | fields))


def make_rule(topic: Topic, amount: int, unit: str = "days", *, confirmed: bool = True, **fields) -> DeadlineRule:
    values = {"counts_from": "entry", "sources": "https://official.example/", "title_tr": "Son gün"} | fields
    key = f"rule-{DeadlineRule.objects.count()}"
    rule = DeadlineRule.objects.create(topic=topic, key=key, amount=amount, unit=unit, **values)
    if confirmed:
        guidance.confirm(rule, by=None, on=TODAY, now=NOW)
    return rule


def make_line(slug: str, **fields) -> Helpline:
    confirmed = fields.pop("confirmed", True)
    line = Helpline.objects.create(slug=slug, **({"phone": "1", "sources": "https://o.example/"} | fields))
    if confirmed:
        guidance.confirm(line, by=None, on=TODAY, now=NOW)
    return line


# --- Confirming -------------------------------------------------------------------------------------------


def test_guidance_is_told_once_staff_have_checked_it_and_named_the_source():
    topic, officer = make_topic(), make_worker()
    assert not topic.is_confirmed

    for wrong, code in (({}, "sources"), ({"sources": "https://o.example/"}, "languages")):
        for name, value in wrong.items():
            setattr(topic, name, value)
        with pytest.raises(ValidationError) as told:
            guidance.confirm(topic, by=officer, on=TODAY, now=NOW)
        assert told.value.code == code
    topic.guidance_tr = topic.guidance_az = topic.guidance_en = "So it goes."
    with pytest.raises(ValidationError) as told:
        guidance.confirm(topic, by=officer, on=date(2026, 3, 9), now=NOW)
    assert told.value.code == "future"
    guidance.confirm(topic, by=officer, on=TODAY, now=NOW)

    topic = Topic.objects.get()
    assert topic.is_confirmed
    assert (topic.checked_on, topic.confirmed_by) == (TODAY, officer)


def test_what_is_checked_after_midnight_in_izmir_is_checked_today():
    topic = make_topic(
        sources="https://o.example/", **dict.fromkeys(("guidance_tr", "guidance_az", "guidance_en"), "So.")
    )

    guidance.confirm(topic, by=None, on=date(2026, 3, 3), now=datetime(2026, 3, 2, 22, tzinfo=UTC))

    assert topic.is_confirmed


def test_a_changed_word_takes_the_confirmation_back():
    topic = make_confirmed_topic()
    topic.guidance_az = "Another word."
    topic.save()

    assert not Topic.objects.get().is_confirmed


def test_a_rule_that_nobody_confirmed_computes_nothing():
    topic = make_topic()
    make_question(topic, "entry", "date", meaning="entry")
    rule = make_rule(topic, 90, confirmed=False)
    given = {"entry": "2026-03-01"}
    assert guidance.dates(topic, given) == []

    guidance.confirm(rule, by=None, on=TODAY, now=NOW)
    assert [due.on for due in guidance.dates(topic, given)] == [date(2026, 5, 30)]

    rule.amount = 91
    rule.save()
    assert guidance.dates(topic, given) == []


# --- Dates ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "unit", "direction", "since", "expected"),
    [
        (90, "days", "after", date(2026, 1, 1), date(2026, 4, 1)),
        (60, "days", "before", date(2026, 3, 1), date(2025, 12, 31)),
        (0, "days", "before", date(2026, 3, 1), date(2026, 3, 1)),
        (3, "months", "after", date(2025, 11, 30), date(2026, 2, 28)),
        (1, "months", "before", date(2026, 3, 31), date(2026, 2, 28)),
        (1, "months", "after", date(2025, 12, 31), date(2026, 1, 31)),
        (1, "working_days", "after", date(2026, 4, 22), date(2026, 4, 24)),  # 23 April is a holiday
        (20, "working_days", "after", date(2026, 2, 2), date(2026, 3, 2)),
        (1, "working_days", "after", date(2026, 12, 31), date(2027, 1, 4)),  # over the year's end and a weekend
        (90, "days", "after", date.max, None),
        (3, "months", "after", date.max, None),
    ],
)
def test_dates_are_counted_as_the_rule_says(amount, unit, direction, since, expected):
    rule = DeadlineRule(amount=amount, unit=unit, direction=direction)

    assert guidance.counted(rule, since) == expected


def test_the_next_last_day_counts_and_openings_do_not():
    topic = make_topic()
    make_question(topic, "expiry", "date", meaning="permit_expiry")
    make_rule(topic, 60, counts_from="permit_expiry", direction="before", is_opening=True)
    make_rule(topic, 0, counts_from="permit_expiry", direction="before")
    found = guidance.dates(topic, {"expiry": "2026-04-20"})

    assert [due.on for due in found] == [date(2026, 2, 19), date(2026, 4, 20)]
    assert guidance.next_deadline(found, TODAY) == date(2026, 4, 20)
    assert guidance.next_deadline(found, date(2026, 5, 1)) == date(2026, 4, 20)
    assert guidance.next_deadline([], TODAY) is None


def test_a_rule_may_apply_after_a_certain_answer_only():
    topic = make_topic()
    what = make_question(topic, "what", "choice", choices_tr="il içi\nbaşka il", choices_en="within\nelsewhere")
    make_question(topic, "change", "date", meaning="change")
    make_rule(topic, 10, counts_from="change", only_if=what, only_if_answer="2")

    assert guidance.dates(topic, {"what": "1", "change": "2026-03-01"}) == []
    assert [due.on for due in guidance.dates(topic, {"what": "2", "change": "2026-03-01"})] == [date(2026, 3, 11)]


def test_a_date_of_a_question_that_does_not_apply_counts_for_nothing():
    topic = make_topic()
    permit = make_question(topic, "permit")
    make_question(topic, "entry", "date", meaning="entry", only_if=permit, only_if_answer="no", position=1)
    make_rule(topic, 90)

    assert guidance.dates(topic, {"permit": "yes", "entry": "2026-03-01"}) == []
    assert len(guidance.dates(topic, {"permit": "no", "entry": "2026-03-01"})) == 1
    assert guidance.dates(topic, {"permit": "no", "entry": "yesterday"}) == []


# --- Questions --------------------------------------------------------------------------------------------


def test_a_question_that_hangs_on_one_that_does_not_apply_does_not_apply():
    topic = make_topic()
    first = make_question(topic, "first")
    second = make_question(topic, "second", only_if=first, only_if_answer="yes", position=1)
    third = make_question(topic, "third", only_if=second, only_if_answer="yes", position=2)
    questions = guidance.questions_of(topic)

    assert guidance.asked_of(questions, {"first": "no", "second": "yes"}) == [first]
    assert guidance.asked_of(questions, {"first": "yes", "second": "yes"}) == [first, second, third]


def test_an_emergency_is_a_topic_or_an_answer_to_a_question_that_applies():
    topic = make_topic()
    first = make_question(topic, "first")
    make_question(topic, "held", only_if=first, only_if_answer="yes", emergency_answer="yes", position=1)
    questions = guidance.questions_of(topic)

    assert guidance.is_emergency(make_topic(is_emergency=True), [], {})
    assert guidance.is_emergency(topic, questions, {"first": "yes", "held": "yes"})
    assert not guidance.is_emergency(topic, questions, {"first": "no", "held": "yes"})
    assert not guidance.is_emergency(topic, questions, {"first": "yes", "held": "no"})


def test_staff_cannot_hang_a_question_on_a_later_one_or_an_impossible_answer():
    topic = make_topic()
    first = make_question(topic, "first")
    second = make_question(topic, "second", position=1)
    second.only_if, second.only_if_answer = first, "yes"
    second.full_clean(exclude=["meaning"])
    for only_if, answer in ((first, "3"), (second, "yes"), (make_question(make_topic(), "other"), "yes")):
        second.only_if, second.only_if_answer = only_if, answer
        with pytest.raises(ValidationError):
            second.clean()


# --- Whom to call -----------------------------------------------------------------------------------------


def at(hour: int, day: int = 2) -> datetime:
    """İzmir's clock, three hours ahead."""
    return datetime(2026, 3, day, hour - 3 if hour >= 3 else hour + 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "opens", "closes", "now", "is_open"),
    [
        ("always", None, None, at(3), True),
        ("daily", time(9), time(18), at(9), True),
        ("daily", time(9), time(18), at(18), False),
        ("weekdays", time(9), time(18), at(12, day=7), False),  # a Saturday
        ("daily", time(20), time(8), at(23), True),
        ("daily", time(20), time(8), at(12), False),
        ("weekdays", time(20), time(8), datetime(2026, 3, 7, 1, tzinfo=UTC), True),  # Friday's night, on Saturday
        ("weekdays", time(20), time(8), datetime(2026, 3, 9, 1, tzinfo=UTC), False),  # Sunday's, on Monday
        ("", None, None, at(12), None),
    ],
)
def test_a_line_is_open_by_the_clock_of_izmir(hours, opens, closes, now, is_open):
    assert make_line("duty", hours=hours, opens=opens, closes=closes).is_open(now) is is_open


def test_hours_that_nobody_confirmed_are_not_known():
    assert make_line("duty", hours="always", confirmed=False).is_open(NOW) is None


def test_whom_to_call_now_comes_first():
    first = make_line("112", is_first=True, confirmed=False)
    unknown = make_line("unknown", confirmed=False)
    closed = make_line("closed", hours="daily", opens=time(20), closes=time(21), spoken="az")
    other = make_line("other", hours="always", spoken="en")
    speaks = make_line("speaks", hours="always", spoken="tr az")
    nothing = make_line("nothing", phone="", confirmed=False)

    lines = guidance.helplines(NOW, "az")

    assert [line.helpline for line in lines] == [first, speaks, other, unknown, closed, nothing]
    assert [line.speaks for line in lines] == [None, True, False, None, True, None]


# --- What the portal starts with --------------------------------------------------------------------------


def test_the_portal_starts_with_topics_of_which_nothing_is_confirmed():
    assert loading.load(loading.read()) > 0
    assert loading.load(loading.read()) == 0

    topics = list(Topic.objects.all())
    assert len(topics) == 18
    assert University.objects.count() == 8
    assert not any(row.is_confirmed for row in [*topics, *DeadlineRule.objects.all(), *Helpline.objects.all()])
    assert all(not topic.guidance and not topic.sources for topic in topics)
    assert all(getattr(topic, f"title_{language}") for topic in topics for language in ("tr", "az", "en"))
    for question in TopicQuestion.objects.select_related("only_if"):
        question.full_clean(exclude=["meaning"])
        choices = {len(getattr(question, f"choices_{language}").splitlines()) for language in ("tr", "az", "en")}
        assert len(choices) == 1, question
        assert not question.emergency_answer or question.emergency_answer in question.values


def test_what_staff_have_changed_or_taken_away_stays_so():
    loading.load(loading.read())
    topic = Topic.objects.get(slug="ikamet")
    topic.title_en = "Residence"
    topic.save()
    topic.questions.get(key="entry").delete()
    OfficialLink.objects.filter(topic=topic).delete()

    assert loading.load(loading.read()) == 0
    assert Topic.objects.get(slug="ikamet").title_en == "Residence"
    assert not topic.questions.filter(key="entry").exists()
    assert not topic.links.exists()
