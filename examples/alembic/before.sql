-- A database as Alembic leaves it.
CREATE TABLE alembic_version (
    version_num varchar(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE users (id serial PRIMARY KEY, email varchar(255) NOT NULL);
INSERT INTO alembic_version (version_num) VALUES ('1975ea83b712');
