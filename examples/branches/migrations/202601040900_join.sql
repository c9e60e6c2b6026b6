-- /// migration
-- revision = "400"
-- revises = ["202", "301"]
-- message = "join billing and mail"
-- ///

-- upgrade
ALTER TABLE letters ADD COLUMN invoice_id bigint REFERENCES invoices;

-- downgrade
ALTER TABLE letters DROP COLUMN invoice_id;
