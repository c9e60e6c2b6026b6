-- /// migration
-- revision = "2bfd90cccc65"
-- revises = ["f5782733c5e3"]
-- message = "track changes of customers and reservations"
-- asks = ["schema", "function"]
-- created = "2026-03-30T12:00:00Z"
-- ///
-- upgrade
CREATE TABLE changes (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  changed_at timestamptz NOT NULL DEFAULT now(),
  relation   text NOT NULL,
  row_id     bigint NOT NULL,
  before     jsonb NOT NULL,
  after      jsonb
);
CREATE INDEX changes_row ON changes (relation, row_id);

CREATE FUNCTION record_change() RETURNS trigger
LANGUAGE plpgsql AS $body$
BEGIN
  -- Only what differs; nothing for a row that is gone.
  INSERT INTO changes (relation, row_id, before, after)
  VALUES (
    TG_TABLE_NAME,
    OLD.id,
    to_jsonb(OLD),
    CASE WHEN TG_OP = 'UPDATE' THEN (
      SELECT jsonb_object_agg(field.key, field.value)
      FROM jsonb_each(to_jsonb(NEW)) AS field
      WHERE field.value IS DISTINCT FROM to_jsonb(OLD) -> field.key
    ) END
  );
  RETURN NULL;
END;
$body$;

CREATE TRIGGER customers_changed
  AFTER UPDATE OR DELETE ON customers
  FOR EACH ROW EXECUTE FUNCTION record_change();
CREATE TRIGGER reservations_changed
  AFTER UPDATE OR DELETE ON reservations
  FOR EACH ROW EXECUTE FUNCTION record_change();

-- downgrade
DROP TRIGGER reservations_changed ON reservations;
DROP TRIGGER customers_changed ON customers;
DROP FUNCTION record_change();
DROP TABLE changes;
