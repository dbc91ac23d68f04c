"""PostgreSQL itself keeps the trail as it was written, also from whoever comes past the portal.

SQLite, which serves one machine, has only the model's own refusal: its tests empty tables by DELETE.
"""

from django.db import migrations

FORTH = """
CREATE FUNCTION audit_trail_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('trail.door', true) = 'open' THEN
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'The trail is only ever added to.';
END $$;
CREATE TRIGGER audit_trail_stays BEFORE UPDATE OR DELETE ON audit_entry
FOR EACH ROW EXECUTE FUNCTION audit_trail_stays();
"""
BACK = """
DROP TRIGGER audit_trail_stays ON audit_entry;
DROP FUNCTION audit_trail_stays();
"""


def _on_postgresql(sql):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(sql)

    return run


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_first")]
    operations = [migrations.RunPython(_on_postgresql(FORTH), _on_postgresql(BACK))]
