"""People and organisations in the admin site."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from izbaku import text
from izbaku.accounts import staffing
from izbaku.accounts.models import Organisation, RoleWish, Speaker, User

# Machinery of signing in: secrets and sessions that nobody has to look at, and groups that follow the table of roles.
for machinery in (Group, EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession):
    if admin.site.is_registered(machinery):
        admin.site.unregister(machinery)


class RolesField(forms.ModelMultipleChoiceField):
    """Roles by the names that people read; the group's own name is a key."""

    def label_from_instance(self, obj: Group) -> SafeString:
        role = staffing.role_names().get(obj.name)
        return format_html("<b>{}</b> – {}", *role) if role else format_html("{}", obj.name)


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person who works here: an address, a language, and roles. No password: they sign in with a code."""

    by: User  # who fills it in

    roles = RolesField(
        label=_("Roles"), queryset=Group.objects.order_by("pk"), required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = User
        fields = ["email", "name", "language", "city"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            wished = RoleWish.objects.filter(user=self.instance).values("role")
            self.fields["roles"].initial = Group.objects.filter(Q(user=self.instance) | Q(pk__in=wished)).distinct()
        self.fields["roles"].help_text = _(
            "Roles that open what people told in confidence, and the administrator's, are given by two administrators."
        )

    def clean_email(self) -> str:
        email = User.objects.normalize_email(self.cleaned_data["email"])
        if User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("There is an account with this address already: open it and give it roles."))
        return email

    def clean_name(self) -> str:
        return text.name(self.cleaned_data["name"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        names = {group.name for group in cleaned.get("roles", [])}
        try:
            staffing.check_own_roles(self.instance, names, by=self.by)
        except ValidationError as error:
            self.add_error("roles", error)
        if self.instance.pk and staffing.ADMINISTRATOR not in names:
            try:
                staffing.check_enough_administrators(self.instance)
            except ValidationError as error:
                self.add_error("roles", error)
        return cleaned


def _named(role: str) -> str:
    return str(staffing.role_names().get(role, (role,))[0])


class LettingGo(forms.Form):
    """Who takes over what the person kept."""

    heir = forms.ModelChoiceField(
        label=_("Who takes over"),
        queryset=User.objects.none(),
        help_text=_("Events, lists, proposals and requests pass to this person in the same moment."),
    )

    def __init__(self, *args: Any, leaver: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        heirs = User.objects.filter(is_active=True, is_staff=True).exclude(pk=leaver.pk).order_by("name", "email")
        self.fields["heir"].queryset = heirs  # type: ignore[attr-defined]


class WorkingHere(admin.SimpleListFilter):
    title = _("works here")
    parameter_name = "works"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("yes", _("Works here")),
            ("no", _("Visitor or student")),
            ("open", _("Works here, no second factor yet")),
            ("wished", _("A role waits for a second administrator")),
            ("gone", _("Disabled")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        match self.value():
            case "yes":
                return queryset.filter(is_staff=True, is_active=True)
            case "no":
                return queryset.filter(is_staff=False, is_active=True)
            case "open":
                enrolled = Authenticator.objects.exclude(type="recovery_codes").values("user")
                return queryset.filter(is_staff=True, is_active=True).exclude(pk__in=enrolled)
            case "wished":
                return queryset.filter(wished_roles__isnull=False).distinct()
            case "gone":
                return queryset.filter(is_active=False)
        return queryset


class RoleFilter(admin.RelatedFieldListFilter):
    """Roles by the names that people read."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        names = staffing.role_names()
        return [(group.pk, str(names.get(group.name, (group.name,))[0])) for group in Group.objects.order_by("pk")]


class SpeakerInline(admin.TabularInline):
    model = Speaker
    fk_name = "user"
    extra = 0
    fields = ["organisation", "position", "confirmed_at", "ended_at"]
    readonly_fields = ["confirmed_at"]
    autocomplete_fields = ["organisation"]


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    form = PersonForm
    inlines = [SpeakerInline]
    ordering = ["-is_staff", "name", "email"]
    list_display = ["email", "name", "city", "works_as", "second_factor", "is_active"]
    list_filter = [WorkingHere, ("groups", RoleFilter), "language"]
    search_fields = ["email", "name"]
    readonly_fields = ["second_factor", "is_active", "joined_at", "last_login"]
    change_form_template = "admin/accounts/user/change_form.html"
    actions = None
    fieldsets = [
        (None, {"fields": ["email", "name", "language", "city"]}),
        (_("Work in the admin site"), {"fields": ["roles", "second_factor", "is_active"]}),
        (_("Dates"), {"fields": ["joined_at", "last_login"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups", "authenticator_set", "wished_roles__role")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """An address that somebody has signed in with is theirs to change: it opens what they told in confidence."""
        fixed = bool(obj and (obj.last_login or EmailAddress.objects.filter(user=obj, verified=True).exists()))
        return [*self.readonly_fields, *(["email"] if fixed and not request.user.is_superuser else [])]  # type: ignore[union-attr]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.by = request.user
        return form

    @admin.display(description=_("Roles"))
    def works_as(self, user: User) -> str:
        names = ", ".join(_named(group.name) for group in user.groups.all())
        waiting = ", ".join(_named(wish.role.name) for wish in user.wished_roles.all())
        return " · ".join(filter(None, [names, waiting and _("waits for a second administrator: %s") % waiting]))

    @admin.display(description=_("second factor"), boolean=True)
    def second_factor(self, user: User) -> bool:
        return any(one.type != "recovery_codes" for one in user.authenticator_set.all())  # type: ignore[attr-defined]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # people are let go, or erase themselves; nobody is deleted from a list

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only a superuser touches a superuser: else an administrator could climb."""
        if obj and obj.is_superuser and not getattr(request.user, "is_superuser", False):
            return False
        return super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        staffing.know_address(obj)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        user, names = form.instance, [group.name for group in form.cleaned_data["roles"]]
        if names and not user.is_staff:
            staffing.take_in(user, roles=names, by=request.user, now=timezone.now())  # type: ignore[arg-type]
            self.message_user(request, _("A letter tells this person how to sign in."))
        else:
            staffing.set_roles(user, names, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        if waiting := [_named(wish.role.name) for wish in user.wished_roles.select_related("role")]:
            said = _("Another administrator has to confirm: %(roles)s.")
            self.message_user(request, said % {"roles": ", ".join(waiting)}, messages.WARNING)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Whom staff enter here themselves is confirmed by that."""
        for speaker in formset.save(commit=False):
            if isinstance(speaker, Speaker) and not speaker.confirmed_at:
                speaker.confirmed_at = timezone.now()
                speaker.confirmed_by = request.user  # type: ignore[assignment]
        super().save_formset(request, form, formset, change)

    def get_urls(self) -> list[Any]:
        site = self.admin_site
        return [
            path("<int:pk>/let-go/", site.admin_view(self.let_go_view), name="accounts_user_let_go"),
            path("<int:pk>/roles/", site.admin_view(self.roles_view), name="accounts_user_roles"),
            *super().get_urls(),
        ]

    def roles_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What another administrator has asked for this person: shown, and given by a second one's button."""
        if not self.has_change_permission(request):  # asked before: who may not is not told who exists
            raise PermissionDenied
        user = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        by: User = request.user  # type: ignore[assignment]
        if request.method == "POST":
            given = ", ".join(map(_named, staffing.confirm_roles(user, by=by)))
            if given:
                messages.success(request, _("Given: %(roles)s.") % {"roles": given})
            else:
                messages.warning(request, _("There is nothing here that you could confirm."))
            return redirect(reverse("admin:accounts_user_change", args=[pk]))
        wishes = [
            (staffing.role_names().get(wish.role.name, (wish.role.name, "")), wish, staffing.can_confirm(wish, by))
            for wish in user.wished_roles.select_related("role", "asked_by")
        ]
        context = self.admin_site.each_context(request) | {"person": user, "wishes": wishes, "opts": self.model._meta}
        context["can_confirm"] = any(can for _role, _wish, can in wishes)
        return TemplateResponse(request, "admin/accounts/user/roles.html", context)

    def let_go_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask who takes over, then disable the account and hand over, in one act."""
        user = get_object_or_404(User, pk=pk)
        if not request.user.has_perm("accounts.hand_over") or not self.has_change_permission(request, user):
            raise PermissionDenied
        form = LettingGo(request.POST or None, leaver=user)
        if request.method == "POST" and form.is_valid():
            try:
                passed = staffing.let_go(user, heir=form.cleaned_data["heir"], by=request.user)  # type: ignore[arg-type]
            except ValidationError as error:
                form.add_error(None, error)
            else:
                counts = ", ".join(f"{name}: {count}" for name, count in passed.items() if count) or "–"
                said = _("%(person)s can no longer sign in. Handed over: %(counts)s.")
                messages.success(request, said % {"person": user, "counts": counts})
                return redirect(reverse("admin:accounts_user_changelist"))
        context = self.admin_site.each_context(request) | {"form": form, "person": user, "opts": self.model._meta}
        return TemplateResponse(request, "admin/accounts/user/let_go.html", context)


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin):
    list_display = ["name", "kind", "city", "site"]
    list_filter = ["kind", "city"]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    search_fields = ["name"]


@admin.register(Speaker)
class SpeakerAdmin(admin.ModelAdmin):
    list_display = ["user", "organisation", "position", "asked_at", "confirmed_at", "ended_at"]
    list_filter = [("confirmed_at", admin.EmptyFieldListFilter), "organisation__kind"]
    list_select_related = ["user", "organisation"]
    autocomplete_fields = ["user", "organisation"]
    readonly_fields = ["asked_at", "confirmed_at", "confirmed_by"]
    actions = ["confirm"]

    @admin.action(description=_("Confirm that they speak for the organisation"), permissions=["change"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[Speaker]) -> None:
        count = queryset.filter(confirmed_at=None).update(confirmed_at=timezone.now(), confirmed_by=request.user)
        self.message_user(request, _("Confirmed: %(n)d.") % {"n": count})
