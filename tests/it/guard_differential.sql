-- What the texts of the differential test work on. Names are those of the texts, and each of them is many things.
CREATE TABLE a (b int, c int, d int, e int);
CREATE TABLE b (b int, c int, d int, e int);
CREATE TABLE d (b int, c int, d int, e int);
CREATE TABLE rename (owner int);
CREATE TABLE words (insert int, delete int, update int, owner int, language text, "into" int);
INSERT INTO a VALUES (1, 1, 1, 1);
INSERT INTO b VALUES (1, 1, 1, 1);
CREATE VIEW v AS SELECT 1 AS one;
CREATE FUNCTION a(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION c() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE PROCEDURE p(int) LANGUAGE sql AS 'SELECT 1';

-- Who changes rows says so.
CREATE FUNCTION tell_data() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE 'data:%', TG_OP;
    RETURN NULL;
END $$;
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['a', 'b', 'd', 'words'] LOOP
        EXECUTE format('CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON %I EXECUTE FUNCTION tell_data()', name);
        EXECUTE format('CREATE TRIGGER tell_truncate AFTER TRUNCATE ON %I EXECUTE FUNCTION tell_data()', name);
    END LOOP;
END $$;

-- Who changes objects says so.
CREATE FUNCTION tell_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE command record;
BEGIN
    RAISE NOTICE 'ddl:%', TG_TAG;
    FOR command IN SELECT command_tag FROM pg_event_trigger_ddl_commands() LOOP
        RAISE NOTICE 'ddl:%', command.command_tag;
    END LOOP;
END $$;
CREATE EVENT TRIGGER tell_ddl ON ddl_command_end EXECUTE FUNCTION tell_ddl();
