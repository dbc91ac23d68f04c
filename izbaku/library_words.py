"""Words of libraries that we say better: mentioned here, they stand in our catalogues, which win over theirs.

Their Azerbaijani says "sən" in places and borrows Turkish words; their Turkish has "İstek Kodu" for "Request Code".
"""

from django.utils.translation import gettext_noop as _

WORDS = [
    _("Forgot your password?"),
    _("Authenticator code"),
    _("Email Verification"),
    _("Enter Email Verification Code"),
    _("Enter Sign-In Code"),
    _("Enter Password Reset Code"),
    _("Re-send Verification"),
    _("You have confirmed %(email)s."),
    _("Unable to confirm %(email)s because it is already confirmed by a different account."),
    _("Successfully signed in as %(name)s."),
    _("Password successfully changed."),
    _("Password successfully set."),
    _("Two-Factor Authentication"),
    _("Request Code"),
    _("The password is too similar to the %(verbose_name)s."),
    _("Your password can’t be too similar to your other personal information."),
    _("Your password can’t be a commonly used password."),
]
