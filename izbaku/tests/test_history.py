"""Stories of states: one table of moves, one function that makes them, every move remembered."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.test.utils import isolate_apps

from izbaku import history
from izbaku.accounts.models import User
from izbaku.history import Move, Moves, Step
from izbaku.tests.tables import tables_for

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
sent = []


def must_have_a_title(idea):
    if not idea.title:
        raise ValidationError("A title is missing.", code="title")


with isolate_apps("izbaku"):

    class Idea(models.Model):  # noqa: DJ008
        title = models.CharField(max_length=20, blank=True)
        state = models.CharField(max_length=20, default="draft")
        MOVES = Moves(
            Move(
                "submit",
                ("draft",),
                "submitted",
                who=lambda idea, by: by.name == "Leyla",
                guard=must_have_a_title,
                letter=lambda idea, step: sent.append((idea.state, step.move)),
            ),
            Move("reject", ("submitted",), "rejected", who=lambda idea, by: by.is_staff, needs_reason=True),
            Move("lapse", ("draft", "submitted"), "lapsed", who=lambda idea, by: False, by_itself=True),
        )

        class Meta:
            app_label = "izbaku"

    class IdeaStep(Step):
        of = models.ForeignKey(Idea, models.CASCADE, related_name="steps")
        by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

        class Meta(Step.Meta):
            app_label = "izbaku"


pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def _tables(django_db_setup, django_db_blocker):
    with tables_for(django_db_blocker, Idea, IdeaStep):
        yield


@pytest.fixture
def leyla():
    sent.clear()
    return User.objects.create_user("leyla@example.org", name="Leyla")


@pytest.fixture
def officer():
    return User.objects.create_user("officer@example.org", name="Ayşe", is_staff=True)


def refused(*arguments, error=ValidationError, **named):
    with pytest.raises(error) as told:
        history.move(*arguments, now=NOW, **named)
    return getattr(told.value, "code", None)


def test_a_move_changes_the_state_remembers_who_when_and_why_and_writes_its_letter(leyla):
    idea = Idea.objects.create(title="Bridge")
    step = history.move(idea, "submit", by=leyla, why=" At last. ", now=NOW)
    assert (step.before, step.after, step.at, step.by, step.why) == ("draft", "submitted", NOW, leyla, "At last.")
    assert (Idea.objects.get().state, sent) == ("submitted", [("submitted", "submit")])


def test_of_two_who_decide_at_once_the_second_is_told_and_nothing_of_theirs_is_kept(leyla):
    Idea.objects.create(title="Bridge")
    one, other = Idea.objects.get(), Idea.objects.get()
    history.move(one, "submit", by=leyla, now=NOW)
    assert refused(other, "submit", by=leyla) == "moved"
    assert (IdeaStep.objects.count(), len(sent)) == (1, 1)


def test_who_may_not_what_is_missing_and_no_reason_are_each_refused(leyla, officer):
    idea = Idea.objects.create()
    assert refused(idea, "submit", by=officer, error=PermissionDenied) is None
    assert refused(idea, "submit", by=leyla) == "title"
    assert refused(idea, "reject", by=officer) == "moved"
    Idea.objects.update(state="submitted")
    idea.refresh_from_db()
    assert refused(idea, "reject", by=officer, why="  ") == "reason"
    assert (Idea.objects.get().state, IdeaStep.objects.count(), sent) == ("submitted", 0, [])


def test_the_portal_itself_makes_only_the_moves_that_say_so(leyla):
    idea = Idea.objects.create(title="Bridge")
    assert refused(idea, "submit", by=None, error=PermissionDenied) is None
    assert refused(idea, "lapse", by=leyla, error=PermissionDenied) is None
    assert history.move(idea, "lapse", by=None, now=NOW).by is None


def test_the_buttons_are_what_one_may_do_next(leyla, officer):
    idea = Idea.objects.create()
    names = [[move.name for move in Idea.MOVES.open_to(idea, by)] for by in (leyla, officer, None)]
    assert names == [["submit"], [], ["lapse"]]


def test_a_letter_that_cannot_be_written_takes_the_move_back(leyla, monkeypatch):
    idea = Idea.objects.create(title="Bridge")
    broken = Moves(Move("submit", ("draft",), "submitted", letter=lambda row, step: 1 / 0))
    monkeypatch.setattr(Idea, "MOVES", broken)
    with pytest.raises(ZeroDivisionError):
        history.move(idea, "submit", by=leyla, now=NOW)
    assert (Idea.objects.get().state, IdeaStep.objects.count()) == ("draft", 0)


def test_a_table_with_two_moves_of_one_name_is_refused():
    with pytest.raises(ValueError, match="same name"):
        Moves(Move("submit", ("a",), "b"), Move("submit", ("b",), "c"))
