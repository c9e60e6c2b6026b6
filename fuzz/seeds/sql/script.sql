-- /// migration
-- revision = "a"
-- ///
-- upgrade
CREATE TABLE t (id int, "größe" text DEFAULT 'it''s; fine'); -- a comment; with one
INSERT INTO t VALUES (1, $a$;$a$), ($1, E'\'; x');
-- downgrade
DROP TABLE t;
