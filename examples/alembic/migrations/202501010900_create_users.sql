-- /// migration
-- revision = "1975ea83b712"
-- message = "create users"
-- ///

-- upgrade
CREATE TABLE users (id serial PRIMARY KEY, email varchar(255) NOT NULL);

-- downgrade
DROP TABLE users;
