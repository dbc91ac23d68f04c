"""One's own account: who I am here, and where everything about it is."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.account.forms import BaseConfirmCodeForm
from allauth.account.views import BaseReauthenticateView, PasswordSetView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from izbaku.accounts.forms import ProfileForm
from izbaku.accounts.models import User
from izbaku.accounts.proving import ProvingAgain


@never_cache
@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """Name, language and city, and the ways to address, password, second factor, sessions and one's data."""
    assert isinstance(request.user, User)
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        user = form.save()
        with translation.override(user.language):  # the page goes on in the language just chosen
            messages.success(request, _("Saved."))
            response = redirect(reverse("account_overview"))
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, user.language, samesite="Lax")
        return response
    return render(request, "account/overview.html", {"form": form})


class ProveAgain(BaseReauthenticateView):  # type: ignore[misc]
    """Whoever has no password proves again by a code; a button sends it, because looking at a page sends nothing."""

    form_class = BaseConfirmCodeForm
    template_name = "account/prove_again.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("action") == "send":
            ProvingAgain.begin(request)
            return redirect(self.passthrough_next_url(request.path))
        if ProvingAgain.resume(request) is None:
            messages.error(request, _("This code no longer works. Ask for a new one."))
            return redirect(self.passthrough_next_url(request.path))
        return super().post(request, *args, **kwargs)  # type: ignore[no-any-return]

    def get_form_kwargs(self) -> dict[str, Any]:
        process = ProvingAgain.resume(self.request)
        return {**super().get_form_kwargs(), "code": process.code if process else ""}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sent = ProvingAgain.resume(self.request) is not None
        return {**super().get_context_data(**kwargs), "sent": sent, "email": self.request.user.email}

    def form_valid(self, form: Any) -> HttpResponse:
        process = ProvingAgain.resume(self.request)
        assert process
        process.finish()
        return super().form_valid(form)  # type: ignore[no-any-return]

    def form_invalid(self, form: Any) -> HttpResponse:
        process = ProvingAgain.resume(self.request)
        if process and not process.record_invalid_attempt():
            messages.error(self.request, _("Three wrong codes: this one no longer works. Ask for a new one."))
            return redirect(self.passthrough_next_url(self.request.path))
        return super().form_invalid(form)  # type: ignore[no-any-return]


prove_again = never_cache(login_required(ProveAgain.as_view()))
set_password = login_required(reauthentication_required(PasswordSetView.as_view(), app="izbaku.accounts"))
