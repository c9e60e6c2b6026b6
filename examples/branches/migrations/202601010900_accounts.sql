-- /// migration
-- revision = "100"
-- message = "create accounts"
-- ///

-- upgrade
CREATE TABLE accounts (id bigint PRIMARY KEY, name text NOT NULL);

-- downgrade
DROP TABLE accounts;
