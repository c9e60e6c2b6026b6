-- upgrade
CREATE TABLE thing (id bigint PRIMARY KEY, name text NOT NULL);
INSERT INTO thing VALUES (1, 'one');
INSERT INTO thing VALUES (2, 'two');
-- downgrade
DROP TABLE thing;
