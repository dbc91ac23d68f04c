"""Dates and times as people type and read them in Azerbaijani; what is not said here is Django's."""

TIME_FORMAT = "H:i"
# The ending of "2026-cı il" follows the number as it is spoken; `izbaku.times` knows it, a format cannot. So digits.
DATE_FORMAT = SHORT_DATE_FORMAT = "d.m.Y"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "d.m.Y, H:i"
DATE_INPUT_FORMATS = ["%d.%m.%Y", "%d/%m/%Y", "%d.%m.%y", "%Y-%m-%d"]
TIME_INPUT_FORMATS = ["%H:%M", "%H.%M", "%H:%M:%S"]
