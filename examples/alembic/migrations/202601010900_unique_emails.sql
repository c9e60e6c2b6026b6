-- /// migration
-- revision = "ae1027a6acf8"
-- revises = ["1975ea83b712"]
-- message = "make emails unique"
-- ///

-- upgrade
ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email);

-- downgrade
ALTER TABLE users DROP CONSTRAINT users_email_key;
