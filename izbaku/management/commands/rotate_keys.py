"""Every sealed field and file under the newest key, so that older keys can go.

Put the new key first in SEALING_KEYS and restart everything; run this; take the old key out and restart.
It may be broken off and run again at any time, while people work.
"""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Model, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast

from izbaku import attachments, sealing
from izbaku.accounts import second_factors
from izbaku.attachments import Attachment, Damaged
from izbaku.sealing import SealBroken, SealedTextField

BATCH = 500


class Command(BaseCommand):
    help = "Seal every sealed field and file anew with the first of SEALING_KEYS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count what an older key still holds")
        parser.add_argument("--new", action="store_true", help="print a new key and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["new"]:
            self.stdout.write(sealing.new_key())
            return
        self.broken = 0
        done = sum(self.rotate_field(model, field, options["dry_run"]) for model, field in sealed_fields())
        done += sum(self.rotate_files(kind, options["dry_run"]) for kind in attachments.kinds())
        done += self.rotate_second_factors(options["dry_run"])
        self.stdout.write(f"{done} {'to seal anew' if options['dry_run'] else 'sealed anew'}.")
        if self.broken:
            raise CommandError(f"{self.broken} cannot be opened: keep the older keys, and find the missing one.")
        if not options["dry_run"] or not done:
            self.stdout.write("The newest key opens everything: older ones can be taken out of SEALING_KEYS.")

    def rotate_field(self, model: type[Model], field: SealedTextField, dry_run: bool) -> int:
        done = 0
        for pk, token in older_tokens(model, field):
            try:
                fresh = sealing.reseal(token.encode()).decode()
            except SealBroken as error:
                self.tell_broken(f"{field} of {pk}", error)
                continue
            # Written only over what was read: a text changed meanwhile is already under the newest key.
            same = QuerySet(model).annotate(_token=Cast(field.name, TextField())).filter(pk=pk, _token=token)
            done += 1 if dry_run else same.update(**{field.name: Value(fresh, output_field=TextField())})
        self.stdout.write(f"{field}: {done}")
        return done

    def rotate_files(self, kind: type[Attachment], dry_run: bool) -> int:
        done = 0
        newest = sealing.newest_prefix().encode()
        stored = kind._base_manager.filter(sealed=True).exclude(scan=Attachment.Scan.INFECTED).defer("name")
        for attachment in stored.order_by("pk").iterator(BATCH):
            try:
                if attachment.starts_with(newest):
                    continue
                if dry_run:
                    attachment.read()
                else:
                    attachments.reseal(attachment)
            except kind.DoesNotExist:
                continue  # deleted meanwhile
            except (SealBroken, Damaged) as error:
                self.tell_broken(f"file of {kind._meta.label} {attachment.pk}", error)
                continue
            done += 1
        self.stdout.write(f"files of {kind._meta.label}: {done}")
        return done

    def rotate_second_factors(self, dry_run: bool) -> int:
        done = 0
        for key in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
            try:
                done += second_factors.reseal(key, dry_run=dry_run)
            except SealBroken as error:
                self.tell_broken(f"second factor {key}", error)
        self.stdout.write(f"second factors: {done}")
        return done

    def tell_broken(self, where: str, error: Exception) -> None:
        self.broken += 1
        self.stderr.write(f"{where}: {error}")


def sealed_fields() -> Iterator[tuple[type[Model], SealedTextField]]:
    """Every column that holds tokens, of every table."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            for field in model._meta.local_concrete_fields:
                if isinstance(field, SealedTextField):
                    yield model, field


def older_tokens(model: type[Model], field: SealedTextField) -> Iterator[tuple[Any, str]]:
    """(key, token) of the rows that the newest key does not open, a batch at a time."""
    # A plain QuerySet sees every row, whatever the model's managers hide, and the cast hands out the token itself.
    older = (
        QuerySet(model)
        .annotate(_token=Cast(field.name, TextField()))
        .exclude(Q(_token__isnull=True) | Q(_token="") | Q(_token__startswith=sealing.newest_prefix()))
        .order_by("pk")
        .values_list("pk", "_token")
    )
    batch = list(older[:BATCH])
    while batch:
        yield from batch
        batch = list(older.filter(pk__gt=batch[-1][0])[:BATCH])
