"""The trail: who changed what, in every record that staff can touch; written by itself, only ever added to.

    doing.acting(Via.IMPORT, "import_ical")     # a block whose changes have another author than the request
    doors.forget(person, words)                 # erasure: the one way to take somebody out of it
    doors.destroy_before(moment)                # retention: the one way to shorten it

Models need to do nothing: whatever is not left out by AUDIT_LEAVES_OUT is kept track of. `class Personal: fields = (…)`
names the columns of which only *that* they changed is told. Not seen: raw SQL, and rows of other databases.
"""
