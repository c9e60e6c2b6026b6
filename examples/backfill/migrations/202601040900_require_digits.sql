-- /// migration
-- revision = "e05b9d7c31a8"
-- revises = ["47ac21fe8b03"]
-- message = "require digits of guests"
-- created = "2026-01-04T09:00:00Z"
-- ///
-- upgrade
-- Fails when a guest was left out, which is better known now than later.
ALTER TABLE guests ALTER digits SET NOT NULL;
CREATE INDEX guests_digits ON guests (digits);

-- downgrade
DROP INDEX guests_digits;
ALTER TABLE guests ALTER digits DROP NOT NULL;
