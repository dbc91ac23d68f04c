"""Private files of a record: checked, stored under names that tell nothing, handed out only by the portal.

class RequestFile(Attachment):                                          # a room's own table, real foreign key
    request = models.ForeignKey(Case, models.CASCADE, related_name="files")

file = UploadField(label=_("file"))                                     # in a form: cleaned value is checked
attachments.receive(form.cleaned_data["file"], RequestFile, sealed=True, request=case)    # or request.FILES["file"]

file = get_object_or_404(RequestFile.objects.filter(request__in=Case.objects.visible_to(user)), pk=pk)
return attachments.serve(file)                                          # the parent was asked first, here

file.delete()                                                           # row and file, once that is committed
attachments.sweep(now)                                                  # nightly: what a rollback left behind
"""

import logging
import os
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import IO, Any, TypeVar

from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.db.models.signals import post_delete
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from izbaku import sealing
from izbaku.sealing import SealBroken, SealedTextField
from izbaku.uploads import ENDINGS, MAX_NAME, Checked, check

logger = logging.getLogger(__name__)
A = TypeVar("A", bound="Attachment")
UNFINISHED = timedelta(hours=2)  # a file without a row may still be getting one


class Damaged(Exception):
    """The file is missing, or its bytes are not those that were stored."""


class StoredName(models.CharField):
    """Where the file lies. However its row goes (cascade, bulk, admin), the file goes once that is committed."""

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        if not cls._meta.abstract:
            post_delete.connect(_forget_file, sender=cls, dispatch_uid=f"file of {cls._meta.label}")


class Attachment(models.Model):
    """One file of one record. Its name is as private as its content, so it is always sealed."""

    class Scan(models.TextChoices):
        PENDING = "pending", gettext_lazy("not scanned yet")
        CLEAN = "clean", gettext_lazy("clean")
        INFECTED = "infected", gettext_lazy("infected, destroyed")
        FAILED = "failed", gettext_lazy("scanner did not answer")

    name = SealedTextField(gettext_lazy("name"), max_length=MAX_NAME)
    content_type = models.CharField(gettext_lazy("type"), max_length=100, choices=[(t, e) for t, e in ENDINGS.items()])
    size = models.PositiveIntegerField(gettext_lazy("size in bytes"))
    sealed = models.BooleanField(gettext_lazy("sealed"), default=False)
    stored_as = StoredName(max_length=40, unique=True, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)  # of the stored bytes: a sealed file's tells nothing
    scan = models.CharField(
        gettext_lazy("virus scan"), max_length=10, choices=Scan.choices, default=Scan.PENDING, editable=False
    )
    scan_note = models.CharField(max_length=100, blank=True, editable=False)
    scanned_at = models.DateTimeField(null=True, editable=False)
    added_at = models.DateTimeField(gettext_lazy("added at"), default=timezone.now, editable=False)

    class Meta:
        abstract = True

    class Personal:
        fields = ("name",)

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"  # the admin's log keeps this: it must not tell the name

    @property
    def path(self) -> Path:
        return settings.PRIVATE_ROOT / self.stored_as

    @property
    def is_downloadable(self) -> bool:
        return self.scan == self.Scan.CLEAN or (self.scan != self.Scan.INFECTED and not settings.CLAMD_URL)

    def read(self) -> bytes:
        """The content. Raises SealBroken or Damaged."""
        try:
            stored = self.path.read_bytes()
        except FileNotFoundError:
            raise Damaged("The file is missing.") from None
        if sha256(stored).hexdigest() != self.sha256:
            raise Damaged("The file is not what was stored.")
        return sealing.unseal(stored) if self.sealed else stored

    def starts_with(self, prefix: bytes) -> bool:
        """Whether the stored bytes begin so. Raises Damaged."""
        try:
            with self.path.open("rb") as file:
                return file.read(len(prefix)) == prefix
        except FileNotFoundError:
            raise Damaged("The file is missing.") from None

    def _write(self, stored: bytes) -> None:
        name = token_hex(16)
        self.stored_as, self.sha256 = f"{name[:2]}/{name}", sha256(stored).hexdigest()
        self.path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        # Only the portal writes; nginx, in its group, may read.
        with open(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as file:  # noqa: PTH123
            file.write(stored)
            file.flush()
            os.fsync(file.fileno())


def receive(upload: IO[bytes] | Checked, into: type[A], *, sealed: bool = False, **fields: Any) -> A:
    """Check an upload and store it as a new row. Raises ValidationError, with nothing stored."""
    checked = upload if isinstance(upload, Checked) else check(upload)
    row = into(name=checked.name, content_type=checked.content_type, size=len(checked.data), sealed=sealed, **fields)
    row._write(sealing.seal(checked.data) if sealed else checked.data)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except BaseException:
        row.path.unlink(missing_ok=True)
        raise
    return row


def serve(attachment: Attachment) -> HttpResponse:
    """The file as a download that no browser opens as a page of the portal. The caller has asked the parent record."""
    if not attachment.is_downloadable:
        raise Http404
    response = HttpResponse(content_type=attachment.content_type)
    if settings.ACCEL_PREFIX and not attachment.sealed:
        response["X-Accel-Redirect"] = f"{settings.ACCEL_PREFIX}{attachment.stored_as}"
    else:
        try:
            response.content = attachment.read()
        except (SealBroken, Damaged) as error:
            logger.error("%s %s cannot be opened: %s", attachment._meta.label, attachment.pk, error)
            response = HttpResponse(_("This file cannot be opened."), content_type="text/plain", status=500)
    if response.status_code == 200:
        disposition = content_disposition_header(as_attachment=True, filename=attachment.name)
        response["Content-Disposition"] = disposition or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


def reseal(attachment: Attachment) -> None:
    """Seal the file anew under the newest key. Whenever it breaks off, the row names a file that is there."""
    with transaction.atomic():
        # The lock keeps a file that is being deleted from coming back.
        row = type(attachment)._base_manager.select_for_update().get(pk=attachment.pk)
        old = row.path
        try:
            row._write(sealing.seal(row.read()))
            row.save(update_fields=["stored_as", "sha256"])
        except BaseException:
            if row.path != old:
                row.path.unlink(missing_ok=True)
            raise
        transaction.on_commit(partial(old.unlink, missing_ok=True), robust=True)


def sweep(now: datetime) -> int:
    """Remove the files that no row names (a rolled back transaction leaves them); how many there were."""
    before = (now - UNFINISHED).timestamp()
    old = [file for file in settings.PRIVATE_ROOT.glob("*/*") if file.stat().st_mtime < before]
    named = {
        name
        for model in kinds()
        for name in model._base_manager.exclude(scan=Attachment.Scan.INFECTED).values_list("stored_as", flat=True)
    }
    orphans = [file for file in old if f"{file.parent.name}/{file.name}" not in named]
    for file in orphans:
        file.unlink(missing_ok=True)
    return len(orphans)


def kinds() -> list[type[Attachment]]:
    """The attachments of every room."""
    return [model for model in apps.get_models() if issubclass(model, Attachment)]


def _forget_file(instance: Attachment, using: str, **kwargs: Any) -> None:
    # A file that cannot be removed now is logged, and swept later.
    transaction.on_commit(partial(instance.path.unlink, missing_ok=True), using=using, robust=True)
