"""How fast the public pages are, beside a bare Django view that returns the same bytes: `python -m bench`."""
