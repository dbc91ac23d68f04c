"""The floor's only table of its own."""

from izbaku.freshness import ProgrammeVersion

__all__ = ["ProgrammeVersion"]
