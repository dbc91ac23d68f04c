"""Taking people in, letting them go, and never being left without administrators."""

from datetime import UTC, datetime
from threading import Barrier, Thread

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import connections
from django.utils import timezone, translation

from izbaku.accounts import staffing
from izbaku.accounts.models import Organisation, Speaker, User
from izbaku.mail.models import Message

NOON = datetime(2026, 3, 20, 9, tzinfo=UTC)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_english():
    """Refusals are told by their words here."""
    with translation.override("en"):
        yield


def make_staff(email: str, *roles: str, **fields) -> User:
    user = User.objects.create_user(email, is_staff=True, name=email.partition("@")[0].title(), **fields)
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


@pytest.fixture
def admins():
    return [make_staff(f"admin{number}@example.org", "administrator") for number in (1, 2)]


def test_a_new_colleague_gets_a_letter_that_says_how_to_sign_in(client, admins):
    client.force_login(admins[0], BACKEND)
    answer = client.post(
        "/admin/accounts/user/add/",
        {
            "email": "nar@example.org",
            "name": "Nar",
            "language": "az",
            "city": "",
            "roles": [Group.objects.get(name="programme-editor").pk],
            "speaks_for-TOTAL_FORMS": 0,
            "speaks_for-INITIAL_FORMS": 0,
        },
    )
    assert answer.status_code == 302, answer.context["adminform"].errors

    user = User.objects.get(email="nar@example.org")
    assert user.is_staff
    assert user.has_perm("events.change_event")
    assert not user.has_perm("accounts.change_user")
    assert list(Message.objects.values_list("kind", "recipient", "language")) == [
        ("desk_welcome", "nar@example.org", "az")
    ]


def test_the_last_but_one_administrator_cannot_be_let_go(admins):
    heir = make_staff("heir@example.org", "programme-editor")

    with pytest.raises(ValidationError, match="Two administrators"):
        staffing.let_go(admins[0], heir=heir, by=admins[1])

    assert admins[0].is_active


def test_a_role_that_is_needed_twice_cannot_be_taken_away_in_the_form(client, admins):
    client.force_login(admins[0], BACKEND)
    answer = client.post(
        f"/admin/accounts/user/{admins[1].pk}/change/",
        {
            "email": admins[1].email,
            "name": "Other name",
            "language": "tr",
            "city": "",
            "speaks_for-TOTAL_FORMS": 0,
            "speaks_for-INITIAL_FORMS": 0,
        },
    )

    assert "roles" in answer.context["adminform"].errors
    assert 'value="Other name"' in answer.content.decode()
    assert admins[1].groups.exists()


def test_a_leaver_loses_rights_and_sessions_and_hands_over_in_one_act(client, admins, monkeypatch):
    leaver = make_staff("leaver@example.org", "programme-editor")
    client.force_login(leaver, BACKEND)
    assert client.get("/admin/").status_code == 200
    passed = []
    monkeypatch.setitem(staffing._belongings, "things", lambda old, new: passed.append((old, new)) or 3)

    assert staffing.let_go(leaver, heir=admins[0], by=admins[0]) == {"things": 3} | {
        name: 0 for name in staffing._belongings if name != "things"
    }

    assert passed == [(leaver, admins[0])]
    assert client.get("/admin/").status_code == 302
    leaver.refresh_from_db()
    assert not leaver.has_perm("events.change_event")


def test_nothing_passes_to_somebody_who_cannot_work_here(admins):
    third = make_staff("third@example.org", "administrator")
    visitor = User.objects.create_user("visitor@example.org")

    with pytest.raises(ValidationError, match="another person"):
        staffing.let_go(third, heir=visitor, by=admins[0])


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_administrators_who_let_each_other_go_do_not_both_succeed():
    three = [make_staff(f"admin{number}@example.org", "administrator") for number in (1, 2, 3)]
    together = Barrier(2)
    refused = []

    def let_go(leaver: User, by: User) -> None:
        together.wait()
        try:
            staffing.let_go(leaver, heir=None, by=by)
        except ValidationError:
            refused.append(leaver)
        finally:
            connections.close_all()

    both = [Thread(target=let_go, args=pair) for pair in ((three[0], three[1]), (three[1], three[0]))]
    for one in both:
        one.start()
    for one in both:
        one.join()

    assert len(refused) == 1
    assert len(staffing.administrators()) == 2


def test_an_administrator_cannot_touch_a_superuser(client, admins):
    root = User.objects.create_superuser("root@example.org")
    client.force_login(admins[0], BACKEND)

    assert client.post(f"/admin/accounts/user/{root.pk}/let-go/", {"heir": admins[0].pk}).status_code == 403
    assert client.post(f"/admin/accounts/user/{root.pk}/change/", {"email": "x@example.org"}).status_code == 403


def test_staff_without_a_second_factor_have_no_rights_where_it_is_required(client, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    editor = make_staff("editor@example.org", "programme-editor")
    client.force_login(editor, BACKEND)

    assert not User.objects.get(pk=editor.pk).has_perm("events.change_event")
    assert client.get("/admin/events/event/").status_code == 302

    editor.authenticator_set.create(type="totp", data={})
    assert User.objects.get(pk=editor.pk).has_perm("events.change_event")
    assert client.get("/admin/events/event/").status_code == 200


def test_people_speak_for_an_organisation_once_staff_have_confirmed_it(client, admins):
    speaker = Speaker.objects.create(
        user=User.objects.create_user("ada@example.org"), organisation=Organisation.objects.create(name="Kordon")
    )
    assert not Speaker.objects.standing(NOON).exists()
    Speaker.objects.filter(pk=speaker.pk).update(confirmed_at=NOON)
    assert Speaker.objects.standing(NOON).exists()
    Speaker.objects.filter(pk=speaker.pk).update(ended_at=NOON)
    assert not Speaker.objects.standing(NOON).exists()


def test_who_has_no_role_left_is_a_visitor_again(admins):
    editor = make_staff("editor@example.org", "programme-editor")

    staffing.set_roles(editor, [], by=admins[0], now=NOON)

    editor.refresh_from_db()
    assert not editor.is_staff


def posted(person, *roles, **changed):
    """What the page of a person sends."""
    return {
        "email": person.email,
        "name": person.name,
        "language": person.language,
        "city": "",
        "roles": list(Group.objects.filter(name__in=roles).values_list("pk", flat=True)),
        "speaks_for-TOTAL_FORMS": 0,
        "speaks_for-INITIAL_FORMS": 0,
    } | changed


def roles_of(person):
    return set(person.groups.values_list("name", flat=True))


def test_an_administrator_cannot_climb_alone(client, admins):
    client.force_login(admins[0], BACKEND)
    own = client.post(
        f"/admin/accounts/user/{admins[0].pk}/change/", posted(admins[0], "administrator", "sensitive-case-worker")
    )
    assert own.context["adminform"].form.errors.as_data()["roles"][0].code == "own"
    assert roles_of(admins[0]) == {"administrator"}

    friend = make_staff("friend@example.org", "door")
    client.post(
        f"/admin/accounts/user/{friend.pk}/change/", posted(friend, "door", "programme-editor", "data-protection")
    )
    assert roles_of(friend) == {"door", "programme-editor"}
    client.post(f"/admin/accounts/user/{friend.pk}/roles/")
    assert roles_of(friend) == {"door", "programme-editor"}


def test_a_second_administrator_finds_the_wish_among_todays_work_and_gives_the_role(client, admins):
    friend = make_staff("friend@example.org", "door")
    staffing.set_roles(friend, ["door", "data-protection"], by=admins[0], now=NOON)
    client.force_login(admins[1], BACKEND)
    listed = client.get("/admin/accounts/user/?works=wished")
    assert [person.pk for person in listed.context["cl"].result_list] == [friend.pk]
    assert "data-protection" in [
        wish.role.name
        for _, wish, can in client.get(f"/admin/accounts/user/{friend.pk}/roles/").context["wishes"]
        if can
    ]
    assert roles_of(friend) == {"door"}

    client.post(f"/admin/accounts/user/{friend.pk}/roles/")
    assert roles_of(friend) == {"door", "data-protection"}
    assert not friend.wished_roles.exists()


def test_who_gets_a_role_cannot_be_the_second_to_confirm_it(admins):
    staffing.set_roles(admins[1], ["administrator", "case-worker"], by=admins[0], now=NOON)
    assert staffing.confirm_roles(admins[1], by=admins[1]) == []
    assert roles_of(admins[1]) == {"administrator"}


def test_a_role_that_is_taken_back_is_no_longer_wished_for_and_what_was_given_stays(admins):
    officer = make_staff("officer@example.org", "data-protection")
    staffing.set_roles(officer, ["data-protection", "case-worker"], by=admins[0], now=NOON)
    assert (roles_of(officer), officer.wished_roles.count()) == ({"data-protection"}, 1)
    staffing.set_roles(officer, ["data-protection"], by=admins[1], now=NOON)
    assert (roles_of(officer), officer.wished_roles.count()) == ({"data-protection"}, 0)


def test_what_an_administrator_wished_goes_with_them(admins):
    friend = make_staff("friend@example.org", "door")
    staffing.set_roles(friend, ["door", "case-worker"], by=admins[0], now=NOON)
    admins[0].delete()
    assert not friend.wished_roles.exists()


def test_an_address_that_somebody_has_signed_in_with_is_theirs_to_change(client, admins):
    client.force_login(admins[0], BACKEND)
    officer = make_staff("officer@example.org", "door")
    page = f"/admin/accounts/user/{officer.pk}/change/"
    client.post(page, posted(officer, "door", email="typo-mended@example.org"))
    officer.refresh_from_db()
    assert officer.email == "typo-mended@example.org"

    officer.last_login = NOON
    officer.save()
    client.post(page, posted(officer, "door", email="mine@example.org"))
    officer.refresh_from_db()
    assert officer.email == "typo-mended@example.org"


def test_the_history_of_a_person_says_which_roles_came_and_went(client, admins):
    colleague = make_staff("aysel@example.org", "door")
    staffing.set_roles(colleague, ["secretariat"], by=admins[0], now=timezone.now())
    client.force_login(admins[1], BACKEND)
    page = client.get(f"/admin/accounts/user/{colleague.pk}/history/").content.decode()
    with translation.override(admins[1].language):
        said = [staffing.role_name(Group.objects.get(name=role)) for role in ("secretariat", "door")]
        assert [str(name) in page for name in said] == [True, True]
