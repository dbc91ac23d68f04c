"""Stories of when a request is due, of words to staff before and after, and of sweeps that were down."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from celery import current_app

from izbaku.mail.models import Message
from students import casework, dues, nudging, tasks
from students.models import HANDLE, HANDLE_SENSITIVE, OVERSEE, Case
from students.tests.make import NOW, make_case, make_topic, make_worker
from students.working import AnswerTime, CaseAct, Nudge

pytestmark = pytest.mark.django_db
IZMIR = ZoneInfo("Europe/Istanbul")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=IZMIR)


def told():
    """Who heard what, in the order in which it was written."""
    return list(Message.objects.order_by("pk").values_list("kind", "recipient"))


# --- When ---


@pytest.mark.parametrize(
    ("priority", "due"), [(1, "2026-03-03 12:00"), (2, "2026-03-04 12:00"), (3, "2026-03-10 12:00")]
)
def test_the_priority_says_how_soon(priority, due):
    """Asked on a Monday at noon. The fifth working day ends on the Monday after: Women's day, in Azerbaijan put off."""
    case = make_case(priority=priority)

    dues.wind(case, now=NOW)

    assert Case.objects.get().due_at == at(due)


def test_the_association_sets_how_soon():
    AnswerTime.objects.filter(priority=3).update(hours=4)
    case = make_case()

    dues.wind(case, now=NOW)

    assert case.due_at == at("2026-03-02 16:00")


def test_a_deadline_of_the_student_comes_first_and_raises_the_priority():
    case = make_case(deadline_on=date(2026, 3, 5))

    dues.wind(case, now=NOW)

    assert (case.priority, case.due_at) == (1, at("2026-03-03 12:00"))
    late = make_case(deadline_on=date(2026, 3, 3))
    dues.wind(late, now=NOW)
    assert late.due_at == at("2026-03-02 17:00")  # the office closes for the last time before that day
    far = make_case(deadline_on=date(2026, 9, 1))
    dues.wind(far, now=NOW)
    assert (far.priority, far.due_at) == (3, at("2026-03-10 12:00"))
    over = make_case(deadline_on=date(2026, 2, 1))
    dues.wind(over, now=NOW)
    assert (over.priority, over.due_at) == (1, NOW)


def test_the_clock_stands_still_from_the_answer_to_the_students_reply():
    case, worker = make_case(), make_worker(HANDLE)
    dues.wind(case, now=NOW)

    casework.answer(case, by=worker, text="Hangi üniversite?", now=at("2026-03-02 16:00"))
    assert case.due_at is None
    casework.work_on(case, by=worker, now=at("2026-04-20 09:00"))

    # Four of forty hours had passed; the twenty-third is a holiday in Türkiye, and a weekend lies in between.
    assert case.due_at == at("2026-04-27 13:00")


def test_a_clock_that_nobody_wound_is_wound_by_the_sweep():
    lost, answered = make_case(), make_case(state="waiting_student", due_at=NOW)

    assert dues.repair(NOW) == 2
    assert dues.repair(NOW) == 0

    assert Case.objects.get(pk=lost.pk).due_at == at("2026-03-10 12:00")
    assert Case.objects.get(pk=answered.pk).due_at is None


# --- Words to staff ---


def test_a_deadline_that_comes_near_raises_the_priority_without_anybody_touching_the_request():
    case = make_case(deadline_on=date(2026, 4, 1))
    dues.wind(case, now=NOW)
    assert case.priority == 3

    assert dues.repair(NOW) == 0
    assert dues.repair(NOW + timedelta(days=10)) == 1
    assert Case.objects.get().priority == 2
    assert dues.repair(NOW + timedelta(days=28)) == 1
    assert dues.repair(NOW + timedelta(days=28)) == 0

    assert Case.objects.get().priority == 1


def test_whoever_has_it_is_reminded_four_working_hours_before_and_once():
    worker = make_worker(HANDLE)
    make_worker(HANDLE, OVERSEE)
    make_case(assigned_to=worker, due_at=at("2026-03-03 10:00"))

    assert nudging.send_due(at("2026-03-02 13:59")) == 0
    assert [nudging.send_due(at(f"2026-03-02 {clock}")) for clock in ("14:00", "14:01", "16:59")] == [1, 0, 0]

    assert told() == [("students.due", worker.email)]


def test_when_it_is_late_those_who_oversee_hear_of_it_too():
    worker, overseer = make_worker(HANDLE), make_worker(HANDLE, OVERSEE)
    make_worker(HANDLE)
    case = make_case(assigned_to=worker, due_at=at("2026-03-03 10:00"))

    assert nudging.send_due(at("2026-03-03 10:00")) == 1

    assert told() == [("students.late", worker.email), ("students.late", overseer.email)]
    assert list(case.acts.values_list("what", flat=True)) == [CaseAct.What.ESCALATED]


def test_where_nobody_oversees_everybody_hears_who_could_take_it():
    one, other = make_worker(HANDLE), make_worker(HANDLE)
    kept_out = make_worker(HANDLE)
    make_case(due_at=at("2026-03-03 10:00")).kept_out.add(kept_out)

    nudging.send_due(at("2026-03-03 10:00"))

    assert [address for _kind, address in told()] == [one.email, other.email]


def test_of_a_sensitive_one_only_those_hear_who_may_see_its_line():
    topic = make_topic(is_sensitive=True)
    has_it, trusted = make_worker(HANDLE_SENSITIVE), make_worker(HANDLE_SENSITIVE)
    both, overseer = make_worker(HANDLE_SENSITIVE, OVERSEE), make_worker(HANDLE, OVERSEE)
    make_case(topic=topic, assigned_to=has_it, due_at=at("2026-03-03 10:00"))

    nudging.send_due(at("2026-03-03 10:00"))
    assert [address for _kind, address in told()] == [has_it.email, both.email]
    Message.objects.all().delete()
    make_case(topic=topic, due_at=at("2026-03-03 10:00"))
    nudging.send_due(at("2026-03-03 10:00"))

    assert {address for _kind, address in told()} == {has_it.email, trusted.email, both.email}
    assert overseer.email not in {address for _kind, address in told()}


@pytest.mark.parametrize("moment", ["2026-03-07 12:00", "2026-03-03 18:00", "2026-03-09 12:00", "2026-03-20 12:00"])
def test_nobody_is_written_to_outside_the_offices_hours(moment):
    make_case(assigned_to=make_worker(HANDLE), due_at=NOW)

    assert nudging.send_due(at(moment)) == 0
    assert told() == []


def test_nothing_is_lost_when_beat_was_down_for_three_days():
    """From Tuesday noon until Friday noon: what became late is told at once, what is over is not reminded of."""
    worker = make_worker(HANDLE)
    make_case(assigned_to=worker, due_at=at("2026-03-04 10:00"))
    make_case(assigned_to=worker, due_at=at("2026-03-06 14:00"))
    make_case(assigned_to=worker, due_at=at("2026-03-12 14:00"))

    assert nudging.send_due(at("2026-03-03 12:00")) == 0
    assert nudging.send_due(at("2026-03-06 12:00")) == 2
    assert nudging.send_due(at("2026-03-06 12:01")) == 0

    assert [kind for kind, _to in told()] == ["students.late", "students.due"]


def test_nothing_depends_on_the_broker(monkeypatch):
    """No act rings for the clock: what a bell would have said stands in the database, and any sweep finds it."""

    def empty(*_args, **_kwargs):
        raise ConnectionError

    monkeypatch.setattr(current_app, "send_task", empty)
    worker = make_worker(HANDLE)
    case = make_case()
    casework.answer(case, by=worker, text="Soruyoruz", waits=False, now=NOW)

    assert nudging.send_due(case.due_at) == 1


def test_a_moment_that_moves_is_told_anew():
    worker = make_worker(HANDLE)
    case = make_case(assigned_to=worker, due_at=at("2026-03-03 10:00"))
    nudging.send_due(at("2026-03-02 15:00"))
    case.due_at = at("2026-03-03 16:00")
    case.save()

    assert nudging.send_due(at("2026-03-03 12:30")) == 1

    assert Nudge.objects.count() == 2
    assert [kind for kind, _to in told()] == ["students.due"] * 2


def test_the_sweep_of_every_minute_winds_and_tells(settings):
    settings.OFFICE_HOURS = ["00:00", "23:59"]
    make_case(created_at=NOW - timedelta(days=90), assigned_to=make_worker(HANDLE))

    tasks.clock()

    assert Case.objects.get().due_at is not None
