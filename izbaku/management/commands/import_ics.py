from events import reading
from events.importing import Progress, Report
from izbaku.management.imports import ImportCommand


class Command(ImportCommand):
    help = (
        "Brings in the events of a calendar file (.ics) as drafts; can be repeated, and keeps what staff have edited."
    )

    def bring_in(self, data: bytes, report: Report, progress: Progress) -> None:
        reading.from_ics(data, report, progress)
