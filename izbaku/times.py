"""One moment in two cities, as each language writes it.

Instants come in as aware datetimes; days are days in the event's own zone. Formats follow everyday use in
each language; Django's own differ. The language is an argument, so that one page can quote another.
"""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _


class City(models.TextChoices):
    IZMIR = "izmir", _("İzmir")
    BAKU = "baku", _("Baku")


class Precision(models.TextChoices):
    TIME = "time", _("day and time")
    DAY = "day", _("day")
    MONTH = "month", _("month")
    YEAR = "year", _("year")
    UNKNOWN = "unknown", _("not known")


class Basis(models.TextChoices):
    STATED = "stated", _("stated by the source")
    INFERRED = "inferred", _("inferred from the anniversary")
    REPORTED = "reported", _("day of the news report")


class Dated(Protocol):
    precision: str
    basis: str
    starts_on: date | None
    ends_on: date | None
    starts_at: datetime | None
    ends_at: datetime | None

    @property
    def city(self) -> str: ...


_ZONES = {"izmir": ZoneInfo("Europe/Istanbul"), "baku": ZoneInfo("Asia/Baku")}
_NAMES = {
    "izmir": {"tr": "İzmir", "az": "İzmir", "en": "İzmir"},
    "baku": {"tr": "Bakü", "az": "Bakı", "en": "Baku"},
}
_MONTHS = {
    "tr": [
        "Ocak",
        "Şubat",
        "Mart",
        "Nisan",
        "Mayıs",
        "Haziran",
        "Temmuz",
        "Ağustos",
        "Eylül",
        "Ekim",
        "Kasım",
        "Aralık",
    ],
    "az": [
        "yanvar",
        "fevral",
        "mart",
        "aprel",
        "may",
        "iyun",
        "iyul",
        "avqust",
        "sentyabr",
        "oktyabr",
        "noyabr",
        "dekabr",
    ],
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
}
_WEEKDAYS = {
    "tr": ["Pazartesi", "Salı", "Çarşamba", "Perşembe", "Cuma", "Cumartesi", "Pazar"],
    "az": ["bazar ertəsi", "çərşənbə axşamı", "çərşənbə", "cümə axşamı", "cümə", "şənbə", "bazar"],
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
}
_TO_BE_ANNOUNCED = {
    "tr": "Tarihi açıklanacak",
    "az": "Tarixi sonra elan olunacaq",
    "en": "Date to be announced",
}
_NOT_KNOWN = {"tr": "Tarihi bilinmiyor", "az": "Tarixi məlum deyil", "en": "Date not known"}
_NO_TIME = {"tr": "Saati yayımlanmadı", "az": "Saatı açıqlanmayıb", "en": "The time was not published"}
SEPARATOR = " · "
_NOTES = {
    "inferred": {
        "tr": "Gün, yıl dönümünden çıkarıldı.",
        "az": "Gün ildönümünə əsasən müəyyən edilib.",
        "en": "The day was inferred from the anniversary.",
    },
    "reported": {
        "tr": "Haberin yayımlandığı gün; etkinlik aynı gün ya da az öncesinde yapıldı.",
        "az": "Xəbərin dərc olunduğu gün; tədbir həmin gün və ya bir az əvvəl keçirilib.",
        "en": "The day of the news report; it took place that day or shortly before.",
    },
}


def zone_of(city: str) -> ZoneInfo:
    """The city's zone; an event without a city follows Europe/Istanbul."""
    return _ZONES.get(city, _ZONES["izmir"])


def other(city: str) -> str:
    return "izmir" if city == "baku" else "baku"


def city_name(city: str, language: str) -> str:
    return _NAMES[city][language]


def today(now: datetime, city: str = "") -> date:
    return now.astimezone(zone_of(city)).date()


def calendar_days(starts_at: datetime, ends_at: datetime | None, city: str) -> tuple[date, date]:
    """The first and last day people look under: a night that ends before six belongs to its evening."""
    zone = zone_of(city)
    first = starts_at.astimezone(zone).date()
    if ends_at is None:
        return first, first
    return first, max(first, (ends_at.astimezone(zone).replace(tzinfo=None) - timedelta(hours=6)).date())


def whole_period(first: date, last: date | None, precision: str) -> tuple[date, date]:
    """The days that a vague date may mean: all of the month, all of the year."""
    last = last or first
    if precision == Precision.MONTH:
        return first.replace(day=1), last.replace(day=monthrange(last.year, last.month)[1])
    if precision == Precision.YEAR:
        return first.replace(month=1, day=1), last.replace(month=12, day=31)
    return first, last


def _ordinal(number: int) -> str:
    """Azerbaijani year suffix by vowel harmony with the number as it is spoken."""
    if number % 10:
        return {1: "ci", 2: "ci", 3: "cü", 4: "cü", 5: "ci", 6: "cı", 7: "ci", 8: "ci", 9: "cu"}[number % 10]
    if number % 100:
        return {1: "cu", 2: "ci", 3: "cu", 4: "cı", 5: "ci", 6: "cı", 7: "ci", 8: "ci", 9: "cı"}[number % 100 // 10]
    return "cü" if number % 1000 else "ci"


def ordinal(number: int, language: str) -> str:
    """`40.` · `40-cı` · `40th`: the fortieth."""
    if language == "en":
        ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        return f"{number}{ending}"
    return f"{number}-{_ordinal(number)}" if language == "az" else f"{number}."


def year_text(year: int, language: str) -> str:
    return f"{year}-{_ordinal(year)} il" if language == "az" else str(year)


def month_name(month: int, language: str) -> str:
    return _MONTHS[language][month - 1]


def weekday_name(weekday: int, language: str) -> str:
    """Monday is 0."""
    return _WEEKDAYS[language][weekday]


def month(year: int, number: int, language: str) -> str:
    """`Mart 2026` · `İyun 2026` (it stands alone, so with a capital) · `March 2026`."""
    name = month_name(number, language)
    return f"{name[0].upper().replace('I', 'İ') if name[0] == 'i' else name[0].upper()}{name[1:]} {year}"


def day(on: date, language: str, *, weekday: bool = True, with_year: bool = True) -> str:
    """`21 Mart 2026 Cumartesi` · `21 mart 2026-cı il, şənbə` · `Saturday 21 March 2026`."""
    name = _WEEKDAYS[language][on.weekday()]
    text = f"{on.day} {_MONTHS[language][on.month - 1]}"
    if with_year:
        text += f" {year_text(on.year, language)}"
    if not weekday:
        return text
    return {"tr": f"{text} {name}", "az": f"{text}, {name}", "en": f"{name} {text}"}[language]


def days(first: date, last: date, language: str) -> str:
    """A day, or a span: `21–23 Mart 2026`, `30 Mart – 2 Nisan 2026`."""
    if first == last:
        return day(first, language)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day(last, language, weekday=False)}"
    start = day(first, language, weekday=False, with_year=first.year != last.year)
    return f"{start} – {day(last, language, weekday=False)}"


def clock(moment: datetime | time, language: str) -> str:
    """`13.30` in Turkish, `13:30` in Azerbaijani and English."""
    return moment.strftime("%H.%M" if language == "tr" else "%H:%M")


def both(starts_at: datetime, ends_at: datetime | None, city: str, language: str) -> str:
    """`23.30 İzmir · 00.30 (22 Mart) Bakü`: the event's own city first; a date follows the time that it belongs to.

    An end on a later day than its start carries its date as well: `23.30–01.00 (22 Mart) İzmir`. A span within one
    other day carries it once: `00.30–02.00 (22 Mart) Bakü`.
    """
    own = city or "izmir"
    base = starts_at.astimezone(zone_of(own)).date()

    def marked(on: date, beside: date) -> str:
        return "" if on == beside else f" ({day(on, language, weekday=False, with_year=on.year != beside.year)})"

    parts = []
    for place in (own, other(own)):
        begins = starts_at.astimezone(zone_of(place))
        ends = ends_at.astimezone(zone_of(place)) if ends_at else begins
        text = clock(begins, language)
        if ends.date() != begins.date():
            text += marked(begins.date(), base)
        if ends_at:
            text += f"–{clock(ends, language)}"
        text += marked(ends.date(), base)
        parts.append(f"{text} {city_name(place, language)}")
    return SEPARATOR.join(parts)


def unbroken(text: str) -> SafeString:
    """Times for a page: each stays in one line with its city, and no line begins with what separates them."""
    *others, last = text.split(SEPARATOR)
    parts = [*(f"{part}{SEPARATOR.rstrip()}" for part in others), last]
    return format_html_join(" ", '<span class="one">{}</span>', ((part,) for part in parts))


def moment(at: datetime, city: str, language: str) -> str:
    """A day and its time in both cities: `21 Mart 2026 Cumartesi, 19.00 İzmir · 20.00 Bakü`."""
    return f"{day(at.astimezone(zone_of(city)).date(), language)}, {both(at, None, city, language)}"


@dataclass(frozen=True)
class Reading:
    """How a date is read: its days, its times in both cities (or that none was published), its origin."""

    days: str
    times: str
    note: str
    has_time: bool

    @property
    def times_html(self) -> SafeString:
        return unbroken(self.times)


def reading(dated: Dated, language: str) -> Reading:
    """What a reader is told; nothing vague is made to look exact, and only a day has a note on its origin."""
    if dated.starts_on is None or dated.ends_on is None or dated.precision == Precision.UNKNOWN:
        held = getattr(dated, "certainty", "") == "held"
        return Reading((_NOT_KNOWN if held else _TO_BE_ANNOUNCED)[language], "", "", has_time=False)
    if dated.precision == Precision.YEAR:
        return Reading(_span(dated, lambda on: year_text(on.year, language)), "", "", has_time=False)
    if dated.precision == Precision.MONTH:
        return Reading(_span(dated, lambda on: month(on.year, on.month, language)), "", "", has_time=False)
    note = _NOTES.get(dated.basis, {}).get(language, "")
    when = days(dated.starts_on, dated.ends_on, language)
    if dated.starts_at is None:
        return Reading(when, _NO_TIME[language], note, has_time=False)
    return Reading(when, both(dated.starts_at, dated.ends_at, dated.city, language), note, has_time=True)


def _span(dated: Dated, text: Callable[[date], str]) -> str:
    """One period, or the first and the last: `Nisan 2026`, `Nisan 2026 – Mayıs 2026`."""
    return " – ".join(dict.fromkeys(text(on) for on in (dated.starts_on, dated.ends_on) if on))
