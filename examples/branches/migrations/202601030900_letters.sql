-- /// migration
-- revision = "301"
-- revises = ["100"]
-- branch-labels = ["mail"]
-- message = "create letters"
-- ///

-- upgrade
CREATE TABLE letters (id bigint PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts);

-- downgrade
DROP TABLE letters;
