-- /// migration
-- revision = "201"
-- revises = ["100"]
-- branch-labels = ["billing"]
-- message = "create invoices"
-- ///

-- upgrade
CREATE TABLE invoices (id bigint PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts);

-- downgrade
DROP TABLE invoices;
