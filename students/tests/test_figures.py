"""Stories of figures in which nobody can be found."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from students import casework, closing, figures, keeping
from students.models import HANDLE, Case
from students.tests.make import make_case, make_student, make_topic, make_worker
from students.topics import Topic

IZMIR = ZoneInfo("Europe/Istanbul")
MAY = datetime(2026, 5, 12, 10, tzinfo=IZMIR)
JULY = datetime(2026, 7, 10, 12, tzinfo=IZMIR)


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 30)))
def test_nothing_under_five_is_told_nor_found_by_subtracting(counted):
    told = figures.told_of(counted)
    hidden = [count for key, count in counted.items() if key in told and told[key] is None]

    assert all(count is None or count >= figures.FEWEST for count in told.values())
    assert {key for key, count in counted.items() if count} == set(told)
    if hidden and len(hidden) < len(told):
        assert len(hidden) >= 2
        assert sum(hidden) >= figures.FEWEST


def test_a_total_under_five_is_not_told_either():
    assert figures.chart("x", "X", {"a": 3}, {"a": "A"}).total is None
    assert figures.chart("x", "X", {"a": 5}, {"a": "A"}).total == 5


@pytest.mark.django_db
def test_a_years_requests_by_kind_by_time_and_by_outcome():
    worker, student = make_worker(HANDLE), make_student()
    permits, living = make_topic(), make_topic(topic_class=Topic.Class.LIVING)
    papers = [make_case(student, permits, created_at=MAY) for _each in range(6)]
    for number in range(5):
        make_case(student, living, created_at=MAY + timedelta(days=number))
    for case in papers[:5]:
        casework.answer(case, by=worker, text="…", now=MAY + timedelta(hours=2))
        closing.answer(
            closing.resolve(case, by=worker, text="…", now=MAY + timedelta(days=1)),
            is_solved=True,
            now=MAY + timedelta(days=2),
        )

    charts = {chart.name: [(bar.count) for bar in chart.bars] for chart in figures.of_year(2026, JULY)}

    assert charts == {"topics": [6, 5], "times": [5, 6], "outcomes": [5, 6]}
    assert figures.years(JULY) == [2026]


@pytest.mark.django_db
def test_this_months_requests_appear_next_month():
    make_case(created_at=JULY)

    assert figures.years(JULY) == []
    assert figures.years(JULY + timedelta(days=30)) == [2026]


@pytest.mark.django_db
def test_an_erased_request_still_counts_by_class_and_date():
    for _each in range(5):
        keeping.entomb(make_case(created_at=MAY), now=JULY)

    topics, _times, outcomes = figures.of_year(2026, JULY)

    assert [bar.count for bar in topics.bars] == [5]
    assert [bar.label for bar in outcomes.bars] == ["artık bilinmiyor: süresi dolunca silindi"] or len(
        outcomes.bars
    ) == 1
    assert Case.objects.filter(state="erased").count() == 5


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_everybody_may_look_at_them_as_drawing_and_as_table(client, language):
    for _each in range(6):
        make_case(created_at=timezone.now() - timedelta(days=45))
    make_case(topic=make_topic(topic_class="living"), created_at=timezone.now() - timedelta(days=45))
    with translation.override(language):
        address = reverse("students:figures")

    html = client.get(address).content.decode()

    assert html.count("figure-chart") == html.count("<table") == 3
    assert "style=" not in html
