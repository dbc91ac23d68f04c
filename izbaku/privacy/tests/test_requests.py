"""A person asks; a clock runs; those who answer are reminded; the answer names the way to the Board."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone, translation

from izbaku.mail import kinds
from izbaku.mail.models import Message
from izbaku.privacy import consents, notices, requests
from izbaku.privacy.models import DataRequest, Reading
from izbaku.privacy.tests.make import NOW, person

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MAIL_FOLDER = tmp_path / "inbox"


@pytest.fixture
def desk():
    """The data-protection contact."""
    return allowed("contact@example.org", "handle_requests")


def allowed(address: str, *names: str):
    staff = person(address, "Contact", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(content_type__app_label="privacy", codename__in=names))
    return staff


def ask(who=None, kind="correct", **more) -> DataRequest:
    return requests.ask(
        who or person(), kind=kind, text="My name is written wrongly.", language="en", **{"now": NOW, **more}
    )


def letters(kind: str) -> list[tuple[str, str]]:
    """(to, text) of each letter of this kind, as it would leave."""
    found = Message.objects.filter(kind=kind).order_by("pk")
    return [(message.recipient, kinds.get(kind).build(message).text) for message in found]


def test_asking_starts_the_clock_and_tells_both_sides_without_the_words(desk):
    asked = ask()

    assert asked.due_at == NOW + timedelta(days=30)
    [(to, text)] = letters("privacy.received")
    [(staff, note)] = letters("privacy.desk")
    assert (to, staff) == (asked.email, desk.email)
    assert "19 April 2026" in text
    assert "written wrongly" not in text + note
    assert f"/admin/privacy/datarequest/{asked.pk}/change/" in note
    assert asked.email not in note


def test_without_anybody_for_it_the_administrators_are_told():
    chief = person("chief@example.org", is_superuser=True)

    ask()

    assert [to for to, _text in letters("privacy.desk")] == [chief.email]


def test_reminders_come_ten_and_three_days_before_on_the_day_and_every_day_after(desk):
    asked = ask()
    Message.objects.all().delete()

    told = [day for day in range(34) for _hour in (1, 13) if requests.remind(NOW + day * DAY)]

    assert told == [20, 27, 30, 31, 32, 33]
    requests.answer(asked, by=desk, text="Done.", now=NOW)
    assert requests.remind(NOW + 40 * DAY) == 0


def test_a_reminder_is_no_longer_wanted_once_the_request_is_answered(desk):
    asked = ask()
    [reminder] = Message.objects.filter(kind="privacy.desk")
    assert kinds.get("privacy.desk").still_wanted(reminder, NOW)

    requests.answer(asked, by=desk, text="Done.", now=NOW)

    assert not kinds.get("privacy.desk").still_wanted(reminder, NOW)


@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_the_answer_letter_names_the_board_and_its_days_and_leaves_the_words_on_the_page(desk, language):
    asked = requests.ask(person(), kind="correct", text="x", language=language, now=NOW)

    requests.answer(asked, by=desk, text="We corrected it.", now=NOW + DAY)

    [(to, text)] = letters("privacy.answer")
    assert to == asked.email
    assert "Kişisel Verileri Koruma Kurulu" in text
    assert "We corrected it." not in text
    asked.refresh_from_db()
    assert (asked.state, asked.answer, asked.answered_by) == ("answered", "We corrected it.", desk)
    assert asked.destroy_after == NOW + DAY + timedelta(days=1095)


def test_an_answer_is_given_once_and_in_words(desk):
    asked = ask()
    with pytest.raises(ValidationError) as refused:
        requests.answer(asked, by=desk, text="  ", now=NOW)
    assert refused.value.code == "empty"

    requests.answer(asked, by=desk, text="Done.", now=NOW)
    with pytest.raises(ValidationError) as refused:
        requests.answer(asked, by=desk, text="Once more.", now=NOW)

    assert refused.value.code == "closed"
    assert len(letters("privacy.answer")) == 1


def test_an_answer_that_erases_carries_its_words_and_is_all_that_is_left(desk):
    leyla = person()
    asked = ask(leyla, kind="erase")
    address = leyla.email

    requests.answer(asked, by=desk, text="Everything is erased.", now=NOW, erase=True)

    assert not type(leyla).objects.filter(pk=leyla.pk).exists()
    asked.refresh_from_db()
    assert (asked.user, asked.email, asked.text, asked.answer, asked.state) == (None, "", "", "", "answered")
    assert list(Message.objects.filter(recipient=address).values_list("kind", flat=True)) == ["privacy.answer"]
    [(_to, text)] = letters("privacy.answer")
    assert "Everything is erased." in text
    assert "/my-data/" not in text


def test_staff_are_not_erased_by_an_answer(desk):
    asked = ask(person("works@example.org", is_staff=True), kind="erase")

    with pytest.raises(ValidationError):
        requests.answer(asked, by=desk, text="Gone.", now=NOW, erase=True)

    asked.refresh_from_db()
    assert asked.state == "open"


def test_late_requests_lead_the_list_and_days_are_counted(desk, client):
    old, new = ask(person("a@example.org"), now=NOW - 31 * DAY), ask(person("b@example.org"))
    done = ask(person("c@example.org"), now=NOW - 90 * DAY)
    requests.answer(done, by=desk, text="Done.", now=NOW)

    assert list(DataRequest.objects.most_urgent_first()) == [old, new, done]
    assert [each.days_left(NOW) for each in DataRequest.objects.most_urgent_first()] == [-1, 30, None]


def test_several_requests_wait_at_once_but_not_any_number(client):
    leyla = person()
    for _number in range(requests.MOST_AT_ONCE):
        ask(leyla)

    with pytest.raises(ValidationError) as refused:
        ask(leyla)

    assert refused.value.code == "many"
    ask(person("ben@example.org"))


def test_who_has_no_account_is_answered_in_words(desk):
    asked = requests.take_in("guest@example.org", kind="tell", text="By telephone", language="en", now=NOW)

    requests.answer(asked, by=desk, text="We hold a registration.", now=NOW)

    [(_to, arrived)], [(to, text)] = letters("privacy.received"), letters("privacy.answer")
    assert to == "guest@example.org"
    assert "We hold a registration." in text
    assert "/my-data/" not in text + arrived


def test_a_draft_of_an_answer_is_shown_to_nobody(client):
    leyla = person()
    asked = ask(leyla)
    DataRequest.objects.filter(pk=asked.pk).update(answer="Perhaps we")
    client.force_login(leyla)

    assert "Perhaps we" not in client.get(reverse("privacy:my_data")).content.decode()


# --- The pages -----------------------------------------------------------------------------------------------


@time_machine.travel(NOW, tick=False)
def test_my_data_shows_what_is_held_allowed_and_asked(client, desk):
    leyla = person()
    consents.give(leyla, "newsletter", how="form", now=NOW)
    asked = ask(leyla)
    requests.answer(asked, by=desk, text="We corrected <b>it</b>.", now=NOW)
    client.force_login(leyla)

    with translation.override("en"):
        html = client.get(reverse("privacy:my_data")).content.decode()

    assert leyla.email in html
    assert "Announcements may be sent to me by e-mail." in html
    assert "We corrected &lt;b&gt;it&lt;/b&gt;." in html


def test_consent_is_withdrawn_by_a_button_and_by_no_link(client):
    leyla = person()
    consents.give(leyla, "newsletter", how="form", now=NOW)
    client.force_login(leyla)
    address = reverse("privacy:withdraw_consent", args=["newsletter"])

    assert client.get(address).status_code == 405
    assert consents.holds(leyla, "newsletter")
    client.post(address)

    assert not consents.holds(leyla, "newsletter")


def test_nobody_withdraws_the_request_of_another(client):
    asked = ask()
    client.force_login(person("ben@example.org"))

    assert client.post(reverse("privacy:withdraw_request", args=[asked.pk])).status_code == 404
    client.force_login(asked.user)
    client.post(reverse("privacy:withdraw_request", args=[asked.pk]))

    asked.refresh_from_db()
    assert asked.state == "withdrawn"


@pytest.mark.parametrize("count", [1, 12])
def test_my_data_asks_a_constant_number_of_questions(client, desk, count, django_assert_max_num_queries):
    leyla = person()
    for number in range(count):
        asked = ask(leyla, now=NOW + number * DAY)
        requests.answer(asked, by=desk, text="Done.", now=NOW)
    client.force_login(leyla)

    with django_assert_max_num_queries(33):
        client.get(reverse("privacy:my_data"))


@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_the_privacy_page_holds_the_notices_and_every_cookie(client, language):
    with translation.override(language):
        page = client.get(reverse("privacy:page"))

    html = page.content.decode().replace("<wbr>", "")
    assert page.headers["Cache-Control"].startswith("public")
    for name in ("sessionid", "csrftoken", "django_language", "signed_in", "fresh"):
        assert f"<code>{name}</code>" in html
    for notice in notices.all_current(NOW):
        assert getattr(notice, f"title_{language}") in html


# --- The desk ------------------------------------------------------------------------------------------------


@pytest.fixture
def at_work(client, settings):
    """Staff at the desk, with a second factor where that is asked for."""
    settings.IS_LOCAL = True

    def sign_in(*names: str):
        staff = allowed("contact@example.org", *names)
        client.force_login(staff)
        return staff

    return sign_in


def test_the_contact_answers_at_the_desk_and_opening_is_noted(client, at_work):
    staff = at_work("handle_requests")
    asked = ask()
    address = reverse("admin:privacy_datarequest_change", args=[asked.pk])

    assert "written wrongly" in client.get(address).content.decode()
    client.post(address, {"answer": "A first try"})
    asked.refresh_from_db()
    assert (asked.state, asked.answer) == ("open", "A first try")
    client.post(address, {"answer": "We corrected it.", "send": "on"})

    asked.refresh_from_db()
    assert (asked.state, asked.answer, asked.answered_by) == ("answered", "We corrected it.", staff)
    noted = [(row.record, row.whose, row.by) for row in Reading.objects.all()]
    assert noted == [(f"privacy.datarequest {asked.pk}", asked.user, staff)]


def test_a_request_by_letter_is_written_down_and_its_clock_runs(client, at_work):
    at_work("handle_requests")
    leyla = person()
    said = {"kind": "erase", "text": "By letter", "email": leyla.email.upper(), "language": "az"}

    answer = client.post(reverse("admin:privacy_datarequest_add"), said)

    assert answer.status_code == 302
    asked = DataRequest.objects.get()
    assert (asked.user, asked.kind, asked.days_left(asked.asked_at)) == (leyla, "erase", 30)


def test_the_desk_erases_only_with_the_right_to(client, at_work):
    at_work("handle_requests")
    asked = ask(kind="erase")

    client.post(
        reverse("admin:privacy_datarequest_change", args=[asked.pk]), {"answer": "x", "send": "on", "erase": "on"}
    )

    assert asked.user.__class__.objects.filter(pk=asked.user.pk).exists()


def test_the_desk_erases_with_the_answer(client, at_work):
    at_work("handle_requests", "erase_people")
    asked = ask(kind="erase")

    answer = client.post(
        reverse("admin:privacy_datarequest_change", args=[asked.pk]), {"answer": "Gone.", "send": "on", "erase": "on"}
    )

    assert answer.status_code == 302
    assert not asked.user.__class__.objects.filter(pk=asked.user.pk).exists()
    asked.refresh_from_db()
    assert asked.state == "answered"


def test_staff_without_the_permission_see_no_request(client, at_work):
    at_work("view_retentionrule")
    asked = ask()

    assert client.get(reverse("admin:privacy_datarequest_changelist")).status_code == 403
    assert client.get(reverse("admin:privacy_datarequest_change", args=[asked.pk])).status_code == 403


def test_the_list_says_how_many_days_are_left(client, at_work):
    at_work("handle_requests")
    ask(person("a@example.org"), now=NOW)

    with time_machine.travel(NOW + 32 * DAY, tick=False):
        html = client.get(reverse("admin:privacy_datarequest_changelist")).content.decode()

    assert "2 days late" in html


def test_saving_nothing_says_so_and_a_kept_draft_is_called_one(client, at_work):
    at_work("handle_requests")
    asked = ask()
    address = reverse("admin:privacy_datarequest_change", args=[asked.pk])

    with translation.override("en"):
        nothing = client.post(address, {"answer": ""}, follow=True).content.decode()
        kept = client.post(address, {"answer": "We shall"}, follow=True).content.decode()

    assert "Nothing was changed." in nothing
    assert "changed successfully" not in nothing + kept
    assert "it is not sent yet" in kept


def test_days_are_those_of_the_calendar():
    asked = ask()

    assert [asked.days_left(NOW + each) for each in (DAY / 8, DAY, 30 * DAY - DAY / 8, 30 * DAY + DAY / 8)] == [
        30,
        29,
        0,
        -1,
    ]


def test_asking_and_withdrawing_all_day_writes_five_letters_to_staff_and_no_more(client, desk):
    leyla = person()
    for hour in range(5):
        requests.withdraw(ask(leyla, now=NOW + hour * DAY / 24), now=NOW)

    with pytest.raises(ValidationError) as refused:
        ask(leyla, now=NOW + DAY / 2)

    assert refused.value.code == "often"
    assert len(letters("privacy.desk")) == 5
    assert ask(leyla, now=NOW + DAY + DAY / 24)


def test_a_refused_form_of_the_desk_shows_the_words_and_is_noted(client, at_work):
    at_work("handle_requests")
    asked = ask()

    page = client.post(reverse("admin:privacy_datarequest_change", args=[asked.pk]), {"send": "on", "answer": ""})

    assert "written wrongly" in page.content.decode()
    assert Reading.objects.filter(record=f"privacy.datarequest {asked.pk}").count() == 1


@pytest.mark.parametrize(
    "lookup", ["text__icontains=a", "email__startswith=l", "user__password__startswith=p", "state__regex=o", "answer=x"]
)
def test_no_text_is_guessed_through_the_address_of_the_list(client, at_work, lookup):
    at_work("handle_requests")
    ask()

    assert client.get(f"{reverse('admin:privacy_datarequest_changelist')}?{lookup}").status_code == 400


def test_the_filters_of_the_list_still_work(client, at_work):
    at_work("handle_requests")
    ask()
    address = reverse("admin:privacy_datarequest_changelist")

    for query in ("clock=open", "state__exact=open", "kind__exact=correct"):
        assert "KV-" in client.get(f"{address}?{query}").content.decode()


def test_todays_work_counts_what_waits_and_what_is_late(client, at_work):
    at_work("handle_requests")
    ask(now=timezone.now())
    ask(person("late@example.org"), now=timezone.now() - 31 * DAY)

    with translation.override("en"):
        counts = {each.name: each.count for each in client.get(reverse("admin:index")).context["waiting"]}

    assert (counts["data_late"], counts["data"]) == (1, 2)
