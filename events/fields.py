"""Columns of the programme: a few codes from a short list; pictures under names that tell nothing."""

import secrets
from pathlib import PurePosixPath
from typing import Any

from django import forms
from django.db import models
from django.utils.text import capfirst


def picture_name(row: models.Model, name: str) -> str:
    """A name that nobody guesses: a draft's picture lies where everybody could fetch it."""
    return f"events/{secrets.token_urlsafe(16)}{PurePosixPath(name).suffix.lower()}"


class CodesField(models.CharField):
    """Codes from `choices`, read and written as a list, stored as `" az tr "` so that one LIKE finds one code."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> list[str]:
        return self.to_python(value)

    def to_python(self, value: Any) -> list[str]:
        return list(value) if isinstance(value, list | tuple) else (value or "").split()

    def get_prep_value(self, value: Any) -> str:
        codes = self.to_python(value)
        return f" {' '.join(codes)} " if codes else ""

    def value_to_string(self, obj: models.Model) -> str:
        return self.get_prep_value(self.value_from_object(obj))

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        for code in value:
            super().validate(code, model_instance)

    def run_validators(self, value: Any) -> None:
        super().run_validators(self.get_prep_value(value))

    def formfield(self, **kwargs: Any) -> forms.Field:  # type: ignore[override]
        return forms.MultipleChoiceField(
            choices=self.choices,  # type: ignore[arg-type]
            required=False,
            label=capfirst(self.verbose_name),
            help_text=self.help_text,
            widget=forms.CheckboxSelectMultiple,
        )
