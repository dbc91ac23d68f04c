"""Stories of the sample requests."""

import pytest

from izbaku.mail.models import Message
from students import loading, samples
from students.models import Case
from students.tests.make import NOW

pytestmark = pytest.mark.django_db


def test_samples_say_that_they_are_none_come_once_and_go_without_a_trace():
    loading.load(loading.read())

    assert samples.load(NOW) == len(samples.REQUESTS)
    assert samples.load(NOW) == 0
    words = ("Nümunə", "Örnek", "Sample")
    assert all(case.question.startswith(words) and case.due_at for case in Case.objects.all())
    assert not Message.objects.exists()
    assert samples.remove() == len(samples.REQUESTS)
    assert not Case.objects.exists()


def test_without_topics_there_are_no_samples():
    assert samples.load(NOW) == 0
