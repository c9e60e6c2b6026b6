-- A trap under every name of the system catalogue: functions, operators, relations and types that stop whoever means the system's
-- and does not say so. They are found first once the schema is in front of pg_catalog.
CREATE SCHEMA evil;
CREATE FUNCTION evil.caught(what text) RETURNS boolean LANGUAGE plpgsql AS
$$ BEGIN RAISE 'caught by a shadow: %', what; END $$;
DO $do$
DECLARE object record;
BEGIN
    FOR object IN
        SELECT format('CREATE FUNCTION evil.%I(%s) RETURNS %s LANGUAGE plpgsql AS $$ BEGIN RAISE ''caught by a shadow: %s''; END $$',
                      proname, arguments, CASE WHEN proretset THEN 'SETOF ' ELSE '' END || format_type(prorettype, NULL), proname) AS sql
        FROM pg_proc, LATERAL (SELECT coalesce(string_agg(format_type(type, NULL), ', ' ORDER BY number), '')
                               FROM unnest(proargtypes) WITH ORDINALITY AS a (type, number)) AS a (arguments)
        WHERE pronamespace = 'pg_catalog'::regnamespace AND proname !~ '^(pg_stat_get|bt|hash|brin|gin|gist|spg|RI_|ts|range_|multirange)'
        UNION ALL
        SELECT format('CREATE FUNCTION evil.operator_%s(%s) RETURNS %s LANGUAGE plpgsql AS $$ BEGIN RAISE ''caught by a shadow: %s''; END $$',
                      oid, concat_ws(', ', nullif(format_type(oprleft, NULL), '-'), format_type(oprright, NULL)),
                      format_type(oprresult, NULL), replace(oprname, '%', '%%'))
        FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace
        UNION ALL
        SELECT format('CREATE OPERATOR evil.%s (FUNCTION = evil.operator_%s, RIGHTARG = %s%s)', oprname, oid,
                      format_type(oprright, NULL), ', LEFTARG = ' || nullif(format_type(oprleft, NULL), '-'))
        FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace
        UNION ALL
        SELECT format('CREATE TABLE evil.%I (caught_by_a_shadow int)', relname)
        FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v')
        UNION ALL
        SELECT format('CREATE DOMAIN evil.%I AS pg_catalog.%I CHECK (evil.caught(%L))', typname, typname, typname)
        FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype = 'b' AND typname !~ '^_'
    LOOP
        BEGIN
            EXECUTE object.sql;
        EXCEPTION WHEN OTHERS THEN
            NULL;  -- Some types cannot stand in such a function.
        END;
    END LOOP;
    EXECUTE format('ALTER DATABASE %I SET search_path = evil, pg_catalog, public', current_database());
END
$do$;
