-- What every case finds: values at their edges, and places to write to.
CREATE TYPE mood AS ENUM ('glad', 'so so', 'tired');
CREATE TYPE place AS (row_number integer, name text);
CREATE TABLE edges (
    id integer PRIMARY KEY,
    a_bool boolean, an_int2 smallint, an_int4 integer, an_int8 bigint, a_float4 real, a_float8 double precision,
    a_numeric numeric, a_text text, a_varchar varchar(20), a_char character(5), a_bytea bytea,
    a_date date, a_time time, a_timetz timetz, a_timestamp timestamp, a_timestamptz timestamptz, an_interval interval,
    a_uuid uuid, a_json json, a_jsonb jsonb,
    an_inet inet, a_cidr cidr, a_macaddr macaddr, a_bit bit varying, an_oid oid, a_mood mood, a_place place,
    an_int4range int4range, an_int8range int8range, a_numrange numrange, a_tsrange tsrange, a_tstzrange tstzrange,
    a_daterange daterange,
    some_int2 smallint[], some_int4 integer[], some_int8 bigint[], some_float8 double precision[], some_numeric numeric[],
    some_text text[], some_bool boolean[], some_bytea bytea[], some_date date[], some_timestamptz timestamptz[],
    some_uuid uuid[], some_jsonb jsonb[], some_interval interval[], some_moods mood[]
);
CREATE TABLE copies (LIKE edges INCLUDING ALL);
CREATE TABLE native (name text PRIMARY KEY, value text);
CREATE TABLE notes (name text PRIMARY KEY, value text);
CREATE TABLE numbers (n integer PRIMARY KEY, name text);

INSERT INTO edges (id) VALUES (1);
INSERT INTO edges VALUES (
    2, true, -32768, -2147483648, -9223372036854775808, '-Infinity', '-Infinity',
    'NaN', '', '', '', '',
    '-infinity', '00:00', '00:00+15:59', '-infinity', '-infinity', '-178000000 years -2147483648 days -1 microsecond',
    '00000000-0000-0000-0000-000000000000', 'null', 'null',
    '0.0.0.0/0', '::/0', '00:00:00:00:00:00', B'', 0, 'glad', ROW(NULL, NULL),
    'empty', 'empty', 'empty', 'empty', 'empty', 'empty',
    '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'
);
INSERT INTO edges VALUES (
    3, false, 32767, 2147483647, 9223372036854775807, 'Infinity', 'Infinity',
    'Infinity', E'\t\n\\''"\U0001F389\u00e9 e\u0301', 'twenty characters...', 'abc', '\x00ff275c',
    'infinity', '24:00', '24:00-15:59', 'infinity', 'infinity', '178000000 years 2147483647 days 1 microsecond',
    'ffffffff-ffff-ffff-ffff-ffffffffffff', '{"b": 1, "a":  [1.50, 1e400, "\u00e9"], "b": 2}', '{"b": 1e30, "a": [1.50, null, true]}',
    '2001:db8::7/64', '10.1.0.0/16', 'ff:ff:ff:ff:ff:ff', B'10110011100', 4294967295, 'so so', ROW(7, 'by the "window", (left)'),
    '[-2147483648,2147483647)', '[-9223372036854775808,)', '(,12345678901234567890.5]', '(-infinity,infinity)', '[2026-01-01 00:00+00,)', '(,)',
    '{-32768,NULL,32767}', '[0:1][2:3]={{1,2},{3,NULL}}', '{9007199254740993,-9007199254740993}', '{NaN,-0,1e308}', '{NaN,0.10,-Infinity}',
    '{"",NULL,"NULL","a,b","{}","\"\\"}', '{t,f,NULL}', '{"\\x00","\\xff"}', '{-infinity,2000-01-01,infinity}', '{-infinity,1999-12-31 23:59:59.999999+00}',
    '{00000000-0000-0000-0000-000000000001,NULL}', '{"{\"a\": 1}","[]"}', '{"1 mon -1 days 00:00:00.000001",NULL}', '{glad,NULL,"so so"}'
);
INSERT INTO edges VALUES (
    4, NULL, 0, 0, 9007199254740993, '1.1754944e-38', '5e-324',
    -0.000000000000000000000000000001, repeat('ä', 1000), 'ä', 'ä', decode(repeat('00', 1000), 'hex'),
    '4713-01-01 BC', '23:59:59.999999', '12:34:56.000001+05:30', '4713-01-01 00:00 BC', '294276-12-31 23:59:59.999999+00', '1 month -1 day 1 microsecond',
    '0c2f9e0e-3f0c-4f2e-8a54-0d4a1a3f9b11', '"text"', '"\u4e16"',
    '192.0.2.7', '2001:db8::/32', '08:00:2b:01:02:03', B'1', 23, 'tired', ROW(-1, ''),
    '[1,10)', '(,5)', '[1.5,1.50]', '[2026-01-01,2026-01-02)', '(,2026-01-01 00:00+00)', '[2026-01-01,2026-02-01)',
    '{{1,2},{3,4}}', '{1,2,3}', '{{{1},{2}},{{3},{4}}}', '{1.5}', '{12345678901234567890.123450}',
    '{{a,b},{c,d}}', '{{t},{f}}', '{"\\x0010"}', '{4713-01-01 BC,5874897-12-31}', '{2026-02-28 23:59:59.999999+00}',
    '{ffffffff-ffff-ffff-ffff-ffffffffffff}', '{"null",NULL}', '{"1 year"}', '{tired}'
);
-- What most programs write into such columns.
INSERT INTO edges (id, a_float8, a_numeric, a_date, a_timestamp, a_timestamptz, an_interval) VALUES
    (5, 1.5, 1.500, '2000-02-29', '2000-01-01', '2026-11-22 12:00:00.000001+00', '0'),
    (6, '-0', 0.00, '0001-01-01', '0001-01-01', '0001-01-01 00:00+00', '-1 microsecond'),
    (7, 'NaN', '-Infinity', '9999-12-31', '9999-12-31 23:59:59.999999', '9999-12-31 23:59:59.999999+00', '25 hours');
