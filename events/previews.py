"""A draft as its public page will look: for staff alone, and kept nowhere."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from events.models import LANGUAGES, Event
from events.views import event_page


@require_safe
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The page as it stands now, in the language of the address; to others it does not exist."""
    user: Any = request.user
    if not user.is_authenticated:
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))
    if not (user.is_active and user.is_staff and user.has_perm("events.view_event")):
        raise Http404
    now = timezone.now()
    found: Event = get_object_or_404(Event.objects.editable_by(user).select_related("venue", "twin"), pk=pk)
    context = event_page(request, found, now) | {
        "is_seen_by_all": found.is_public(now),
        "missing": _missing(found),
        "edit_address": reverse("admin:events_event_change", args=[pk]),
        "publish_address": f"{reverse('admin:events_event_act', args=['publish'])}?event={pk}"
        if not found.is_public(now) and user.has_perm("events.change_event")
        else "",
    }
    response = render(request, "events/preview.html", context)
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


def _missing(event: Event) -> list[str]:
    """What still has no text in the language of this page, and so shows the Turkish one."""
    language = get_language() or LANGUAGES[0]
    named = {"title": _("the title"), "summary": _("the summary"), "description": _("the description")}
    return [name for field, name in named.items() if event.is_fallback(field, language)]
