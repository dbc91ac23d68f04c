"""How fast the public pages are, beside a bare Django view that returns the same bytes: `python -m bench`.

With `--minutes 5` the servers are loaded for so long at the end, and their memory is watched.
"""
