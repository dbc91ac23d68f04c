"""Dates that may be vague, with the promise that nothing invents a time."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from izbaku import times
from izbaku.freshness import PublicModel
from izbaku.times import Basis, Precision


class Dated(PublicModel):
    """Something with a date that may be vague. Days are those of the event's own zone, instants are UTC."""

    precision = models.CharField(_("how exact is the date"), max_length=10, choices=Precision, default=Precision.TIME)
    basis = models.CharField(_("where the date comes from"), max_length=10, choices=Basis, default=Basis.STATED)
    starts_at = models.DateTimeField(_("begins at"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)
    starts_on = models.DateField(_("first day"), null=True, blank=True)
    ends_on = models.DateField(_("last day"), null=True, blank=True)

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        if self.precision == Precision.TIME and not self.starts_at:
            raise ValidationError({"starts_at": _("Enter the time, or choose that only the day is known.")})
        if self.precision not in (Precision.TIME, Precision.UNKNOWN) and not self.starts_on:
            raise ValidationError({"starts_on": _("Enter the first day, or choose that the date is unknown.")})
        if self.precision == Precision.TIME and self.starts_at and self.ends_at and self.ends_at < self.starts_at:
            raise ValidationError({"ends_at": _("The end is before the start.")})
        if self.precision != Precision.TIME and self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValidationError({"ends_on": _("The last day is before the first day.")})

    def set_days(self, city: str) -> None:
        """Make days and instants agree with the precision; nothing here invents a time."""
        if self.precision == Precision.TIME and self.starts_at:
            self.starts_on, self.ends_on = times.calendar_days(self.starts_at, self.ends_at, city)
            return
        self.starts_at = self.ends_at = None
        if self.precision == Precision.UNKNOWN:
            self.starts_on = self.ends_on = None
        elif self.starts_on:
            self.starts_on, self.ends_on = times.whole_period(self.starts_on, self.ends_on, self.precision)
