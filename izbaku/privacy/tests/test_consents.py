"""Consent: given by an act, held until withdrawn, never a condition, never of children."""

from datetime import timedelta

import pytest
from django import forms
from django.core.exceptions import ValidationError

from izbaku import freshness
from izbaku.privacy import consents
from izbaku.privacy.forms import WithConsents
from izbaku.privacy.models import Consent
from izbaku.privacy.tests.make import NOW, person
from izbaku.privacy.unchanging import Unchanging

pytestmark = pytest.mark.django_db
FORM = Consent.How.FORM


class Form(WithConsents):
    consent_purposes = ["newsletter", "photographs"]
    name = forms.CharField()


def test_the_last_act_decides():
    ada = person()
    assert not consents.holds(ada, "newsletter")

    consents.give(ada, "newsletter", how=FORM, now=NOW)
    assert consents.holds(ada, "newsletter")
    assert not consents.holds(ada, "photographs")

    consents.withdraw(ada, "newsletter", how=FORM, now=NOW)  # at the same moment
    assert not consents.holds(ada, "newsletter")
    assert [act.act for act in Consent.objects.order_by("pk")] == ["given", "withdrawn"]


def test_saying_the_same_twice_is_one_act():
    ada = person()

    assert consents.give(ada, "newsletter", how=FORM, now=NOW)
    assert consents.give(ada, "newsletter", how=FORM, now=NOW) is None
    assert consents.withdraw(ada, "photographs", how=FORM, now=NOW) is None

    assert Consent.objects.count() == 1


def test_an_address_without_an_account_can_consent_and_its_row_does_not_name_it():
    consents.give("Guest@Example.org", "newsletter", how=FORM, now=NOW)

    assert consents.holds("guest@example.org", "newsletter")
    assert not consents.holds(person("guest@example.org"), "newsletter")
    assert "guest" not in str(Consent.objects.values().get()).lower()


def test_lists_ask_for_all_holders_at_once(django_assert_num_queries):
    people = [person(f"p{n}@example.org") for n in range(4)]
    for one in people[:3]:
        consents.give(one, "publish_name", how=FORM, now=NOW)
    consents.withdraw(people[0], "publish_name", how=FORM, now=NOW + timedelta(days=1))
    consents.give("guest@example.org", "publish_name", how=FORM, now=NOW)

    with django_assert_num_queries(1):
        assert set(consents.holders("publish_name")) == {people[1].pk, people[2].pk}


def test_withdrawing_makes_kept_pages_old_at_once():
    ada = person()
    consents.give(ada, "publish_name", how=FORM, now=NOW)
    before = freshness._read()

    consents.withdraw(ada, "publish_name", how=FORM, now=NOW)

    assert freshness._read() == before + 1


def test_nothing_is_ticked_and_a_form_goes_through_with_every_box_empty():
    blank = Form()
    boxes = [blank[name] for name in blank.fields if name.startswith("consent_")]

    assert len(boxes) == 2
    assert not any("checked" in str(box) or "required" in str(box) for box in boxes)

    form = Form({"name": "Ada"})
    assert form.is_valid()
    form.save_consents(person())
    assert Consent.objects.count() == 0


def test_a_ticked_box_is_one_act():
    form = Form({"name": "Ada", "consent_newsletter": "on"})
    ada = person()
    assert form.is_valid()

    form.save_consents(ada)

    assert [act.purpose.slug for act in consents.standing(ada)] == ["newsletter"]


def test_people_under_eighteen_are_not_asked_and_cannot_consent():
    young = Form({"name": "Aylin", "consent_newsletter": "on"}, is_minor=True)
    assert young.is_valid()
    young.save_consents(person())

    assert Consent.objects.count() == 0
    with pytest.raises(ValidationError):
        consents.give(person("other@example.org"), "newsletter", how=FORM, now=NOW, is_minor=True)


@pytest.mark.parametrize(("born", "adult"), [(2007, True), (2008, False), (2012, False)])
def test_a_year_of_birth_counts_as_grown_up_only_when_it_surely_is(born, adult):
    assert consents.is_adult(born, NOW) is adult


def test_acts_are_neither_changed_nor_deleted():
    act = consents.give(person(), "newsletter", how=FORM, now=NOW)

    for change in (act.save, act.delete, Consent.objects.all().delete, lambda: Consent.objects.update(act="given")):
        with pytest.raises(Unchanging):
            change()
