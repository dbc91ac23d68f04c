"""Rounds of letters at the desk, to look at: what a reader gets, whom it reaches, who is left out, how far it is."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_replace
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from izbaku.desk import letters
from izbaku.mail import audiences, composing, expanding, mailings, rendering
from izbaku.mail.models import Message
from izbaku.mail.rounds import LeftOut, Mailing
from izbaku.privacy import reads

State = Mailing.State
LANGUAGES = dict(settings.LANGUAGES)
SHOWN = 200  # of those left out, on one page


class RoundPages(admin.ModelAdmin):  # type: ignore[type-arg]
    def get_queryset(self, request: HttpRequest) -> QuerySet[Mailing]:
        return super().get_queryset(request) & Mailing.objects.visible_to(request.user)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/preview/", view(self.preview_view), name="mail_mailing_preview"),
            path("<int:pk>/preview/html/", view(self.html_view), name="mail_mailing_html"),
            path("<int:pk>/left-out/", view(self.left_out_view), name="mail_mailing_leftout"),
            path("<int:pk>/progress/", view(self.progress_view), name="mail_mailing_progress"),
            *super().get_urls(),
        ]

    def _found(self, request: HttpRequest, pk: int) -> Mailing:
        """What one may not see does not exist."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        mailing = get_object_or_404(self.get_queryset(request).prefetch_related("texts"), pk=pk)
        if mailing.audience not in {one.name for one in audiences.all_of_them()}:
            raise Http404
        return mailing

    def _page(self, request: HttpRequest, template: str, title: Any, **context: Any) -> TemplateResponse:
        base = self.admin_site.each_context(request) | {"opts": self.opts, "title": title}
        return TemplateResponse(request, f"admin/mail/mailing/{template}.html", base | context)

    @staticmethod
    def _address(mailing: Mailing) -> str:
        return reverse("admin:mail_mailing_change", args=[mailing.pk])

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Real readers, one at a time, by the code that delivers; the keys in their links are hidden."""
        mailing = self._found(request, pk)
        found = expanding.census(mailing, timezone.now())
        key, languages = self._chosen(request, mailing, found)
        letter = self._letter(request, mailing, key, languages)
        sample = list(found.readers)
        place = sample.index(key) if key in sample else 0
        return self._page(
            request,
            "preview",
            _("As a reader sees it"),
            mailing=mailing,
            letter=letter and letters.without_keys(letter),
            reader=key,
            who=self._who(mailing, key),
            chosen="+".join(languages),
            choices=self._choices(mailing, found.readers.get(key or 0, ())),
            number=place + 1,
            sample=len(sample),
            following=sample[(place + 1) % len(sample)] if sample else None,
            back=self._address(mailing),
        )

    @method_decorator(csp_replace({"default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "sandbox": []}))
    def html_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailing = self._found(request, pk)
        key, languages = self._chosen(request, mailing, expanding.census(mailing, timezone.now()))
        letter = self._letter(request, mailing, key, languages)
        if letter is None:
            raise Http404
        return HttpResponse(
            rendering.html(letters.without_keys(letter), languages[0]), headers={"Cache-Control": "private, no-store"}
        )

    @staticmethod
    def _choices(mailing: Mailing, own: tuple[str, ...]) -> list[tuple[str, str]]:
        """Each language in which there is a text, and both in one letter for a reader who gets that."""
        alone = [(code, LANGUAGES[code]) for code in composing.texts_of(mailing)]
        return [("+".join(own), _spoken("+".join(own))), *alone] if len(own) > 1 else alone

    @staticmethod
    def _chosen(request: HttpRequest, mailing: Mailing, found: expanding.Census) -> tuple[int | None, list[str]]:
        """A reader of the sample, and the languages in which this one gets the letter, unless another is asked for."""
        asked = request.GET.get("reader", "")
        key = int(asked) if asked.isdecimal() and len(asked) < 18 and int(asked) in found.readers else None
        key = key if key is not None else next(iter(found.readers), None)
        there = list(composing.texts_of(mailing))
        languages = composing.languages_of(request.GET.get("language", "").replace(" ", "+"), there)
        return key, languages or list(found.readers.get(key or 0, ())) or there[:1]

    def _letter(self, request: HttpRequest, mailing: Mailing, key: int | None, languages: list[str]) -> Any:
        if not languages:
            return None
        one = audiences.get(mailing.audience).read(mailing, [key]).get(key) if key is not None else None
        _note(request, [one])
        return composing.letter(mailing, composing.texts_of(mailing), one, languages)

    @staticmethod
    def _who(mailing: Mailing, key: int | None) -> str:
        if key is None:
            return str(_("an example"))
        audience = audiences.get(mailing.audience)
        one = audience.read(mailing, [key]).get(key)
        return audience.describe(mailing, one) if one is not None else ""

    def left_out_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Who is not written to, and why: by name, with the page where it is mended."""
        mailing = self._found(request, pk)
        audience = audiences.get(mailing.audience)
        reason = request.GET.get("reason", "")
        if mailing.steps.filter(move="start").exists():
            rows = LeftOut.objects.filter(mailing=mailing, **({"reason": reason} if reason else {}))
            pairs = list(rows.order_by("reason", "reader").values_list("reason", "reader")[:SHOWN])
            total = rows.count()
        else:
            found = expanding.census(mailing, timezone.now())
            chosen = {why: keys for why, keys in found.examples.items() if reason in ("", why)}
            pairs = [(why, key) for why, keys in sorted(chosen.items()) for key in keys]
            total = sum(count for why, count in found.left_out.items() if reason in ("", why))
        people = audience.read(mailing, [key for _why, key in pairs])
        _note(request, list(people.values()))
        lines = [
            (audience.reason(why), audience.describe(mailing, people[key]), audience.link(people[key]))
            for why, key in pairs
            if key in people
        ]
        return self._page(
            request,
            "left_out",
            _("Who is left out"),
            mailing=mailing,
            lines=lines,
            total=total,
            back=self._address(mailing),
        )

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The bar alone, for a page that asks again; without scripts one reloads the round's page."""
        mailing = self._found(request, pk)
        context = {"mailing": mailing} | told(mailing, request.user)
        return TemplateResponse(request, "admin/mail/mailing/progress.html", context)


def _note(request: HttpRequest, people: list[Any]) -> None:
    """Who opened whose data, where the room's rows are personal data."""
    rows = [one for one in people if isinstance(one, models.Model) and hasattr(one, "Personal")]
    if rows:
        fields = rows[0].Personal.fields  # type: ignore[attr-defined]
        reads.note_many(rows, by=request.user, what=[name for name in fields if name in ("name", "email")] or fields)


def audience_label(mailing: Mailing) -> Any:
    try:
        return audiences.get(mailing.audience).label
    except LookupError:
        return mailing.audience


def about(mailing: Mailing) -> str:
    try:
        return audiences.get(mailing.audience).about(mailing)
    except LookupError:
        return ""


def readers_now(mailing: Mailing) -> dict[str, Any]:
    """Whom it would reach now, and who is left out."""
    found, audience = expanding.census(mailing, timezone.now()), audiences.get(mailing.audience)
    return {
        "census": found,
        "languages": [(_spoken(code), count) for code, count in sorted(found.languages.items())],
        "left_out": [(reason, audience.reason(reason), count) for reason, count in sorted(found.left_out.items())],
    }


def _spoken(codes: str) -> str:
    return " + ".join(LANGUAGES.get(code, code) for code in codes.split("+"))


def told(mailing: Mailing, user: Any) -> dict[str, Any]:
    """How far it is, in words and numbers."""
    found, audience = mailings.progress(mailing), audiences.get(mailing.audience)
    listed = f"{reverse('admin:mail_message_changelist')}?mailing={mailing.pk}"
    may_look = user.has_perm("mail.view_message")
    return {
        "progress": found,
        "states": [
            (state.label, found.states[state], f"{listed}&state__exact={state}" if may_look else "")
            for state in Message.State
            if found.states[state]
        ],
        "languages": [(_spoken(code), count) for code, count in sorted(found.languages.items())],
        "left_out": [(reason, audience.reason(reason), count) for reason, count in sorted(found.left_out.items())],
        "bar": ngettext("%(done)d of %(n)d letter is settled", "%(done)d of %(n)d letters are settled", found.letters)
        % {"done": found.done, "n": found.letters},
        "goes_on": mailing.state == State.RUNNING,
    }
