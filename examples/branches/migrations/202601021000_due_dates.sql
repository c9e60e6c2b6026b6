-- /// migration
-- revision = "202"
-- revises = ["201"]
-- message = "add due dates"
-- ///

-- upgrade
ALTER TABLE invoices ADD COLUMN due date;

-- downgrade
ALTER TABLE invoices DROP COLUMN due;
