from events import reading
from events.importing import Progress, Report
from izbaku.management.imports import ImportCommand


class Command(ImportCommand):
    help = "Brings in İzmir's municipal culture feed as drafts; can be repeated, and keeps what staff have edited."

    def bring_in(self, data: bytes, report: Report, progress: Progress) -> None:
        reading.from_culture_feed(data, report, progress)
