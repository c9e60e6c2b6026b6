-- /// migration
-- revision = "b83e5a90f1c7"
-- revises = ["6d1f0c2b7a94"]
-- message = "add digits to guests"
-- created = "2026-01-02T09:00:00Z"
-- ///
-- upgrade
-- Deploy the application that writes digits of new and changed guests before the next migration runs.
ALTER TABLE guests ADD digits text;

-- downgrade
ALTER TABLE guests DROP digits;
