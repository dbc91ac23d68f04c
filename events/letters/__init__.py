"""How each letter of the programme is built, and whether it is still wanted when its turn comes."""

from events.letters import guests, registrations, rounds

__all__ = ["guests", "registrations", "rounds"]
