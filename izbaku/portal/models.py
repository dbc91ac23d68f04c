"""What the visitors' hall shows beside the programme: the forty years and publications."""

import re

from django.db import models
from django.utils.translation import gettext_lazy as _

from izbaku import addresses
from izbaku.freshness import PublicModel


class Milestone(PublicModel):
    """One sourced moment of the sister cities' years."""

    key = models.CharField(_("key"), max_length=40, unique=True, help_text=_("Stable name used by imports."))
    year = models.PositiveSmallIntegerField(_("year"))
    when = models.CharField(_("date"), max_length=10, blank=True, help_text=_("2018, 2018-05 or 2018-05-07"))
    is_approximate = models.BooleanField(_("the year is approximate"), default=False)
    text = models.TextField(_("text"))
    sources = models.TextField(_("sources"), blank=True, help_text=_("One address a line."))

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        ordering = ["year", "when", "pk"]

    def __str__(self) -> str:
        return f"{self.year}: {self.text[:60]}"

    @property
    def in_short(self) -> str:
        """The first sentence, without what its end adds in brackets about the sources."""
        # Two letters before the stop: "4. Enerji Forumu" goes on.
        first = re.split(r"(?<=[^\W\d_]{2}[.])\s+(?=[^\W\d_a-zçğıöşüə])", self.text, maxsplit=1)[0]
        return re.sub(r"\s*\([^()]*\)(?=[.]?$)", "", first)

    @property
    def source_list(self) -> list[str]:
        return addresses.links(self.sources)


class Publication(PublicModel):
    """An article, a video or a PDF issue, in the language it was written in."""

    class Kind(models.TextChoices):
        ARTICLE = "article", _("Article")
        VIDEO = "video", _("Video")
        ISSUE = "issue", _("Issue (PDF)")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    language = models.CharField(
        _("language"), max_length=2, choices=[("tr", "Türkçe"), ("az", "Azərbaycanca"), ("en", "English")]
    )
    title = models.CharField(_("title"), max_length=200)
    summary = models.TextField(_("summary"), blank=True)
    url = models.URLField(_("address"))
    published_on = models.DateField(_("published on"))

    class Meta:
        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        ordering = ["-published_on", "-pk"]

    def __str__(self) -> str:
        return self.title
