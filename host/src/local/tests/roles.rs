//! Who runs what in a cluster: migrations as an ordinary role, the superuser only while no server runs.

use super::single_user::SUPERUSER;
use super::*;

/// Objects of each kind that has an owner, and what is left of them.
const OBJECTS: &str = "
    CREATE SCHEMA s;
    CREATE TABLE s.t (id serial PRIMARY KEY, other int GENERATED ALWAYS AS IDENTITY, text text);
    INSERT INTO s.t (text) VALUES ('kept');
    CREATE TABLE public.p (id int) PARTITION BY RANGE (id);
    CREATE TABLE public.p1 PARTITION OF public.p FOR VALUES FROM (0) TO (9);
    CREATE VIEW s.v AS SELECT * FROM s.t;
    CREATE MATERIALIZED VIEW s.\"M v\" AS SELECT * FROM s.t;
    CREATE SEQUENCE s.q;
    CREATE TYPE s.e AS ENUM ('a');
    CREATE TYPE s.c AS (a int);
    CREATE TYPE s.r AS RANGE (subtype = float8);
    CREATE DOMAIN s.d AS int CHECK (value > 0);
    CREATE FUNCTION s.f(int, text DEFAULT '') RETURNS int LANGUAGE sql AS 'SELECT $1';
    CREATE PROCEDURE s.proc() LANGUAGE sql AS 'SELECT 1';
    CREATE AGGREGATE s.agg(int) (SFUNC = int4pl, STYPE = int);
    CREATE OPERATOR s.### (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl);
    CREATE OPERATOR FAMILY s.fam USING btree;
    CREATE OPERATOR CLASS s.class FOR TYPE s.e USING hash AS STORAGE s.e;
    CREATE COLLATION s.coll FROM \"C\";
    CREATE TEXT SEARCH CONFIGURATION s.ts (COPY = simple);
    CREATE TEXT SEARCH DICTIONARY s.dict (TEMPLATE = simple);
    CREATE STATISTICS s.stat ON id, other FROM s.t;
    CREATE FOREIGN DATA WRAPPER w;
    CREATE SERVER srv FOREIGN DATA WRAPPER w;
    CREATE FOREIGN TABLE s.ft (a int) SERVER srv;
    CREATE PUBLICATION pub FOR TABLE s.t;
    CREATE EXTENSION hstore;
    CREATE FUNCTION s.native() RETURNS oid LANGUAGE internal AS 'pg_my_temp_schema';
    SELECT lo_create(77777);
";

/// What the role may not own, or does not.
const OWNED_BY_OTHERS: &str = "
    SELECT string_agg(DISTINCT described.type || ' ' || described.identity, ', ') FROM (
      SELECT 'pg_namespace'::regclass AS class, oid, nspowner AS owner FROM pg_namespace
      UNION ALL SELECT 'pg_class'::regclass, oid, relowner FROM pg_class WHERE relkind <> 't' AND relkind <> 'i'
      UNION ALL SELECT 'pg_type'::regclass, oid, typowner FROM pg_type
      UNION ALL SELECT 'pg_proc'::regclass, oid, proowner FROM pg_proc
      UNION ALL SELECT 'pg_operator'::regclass, oid, oprowner FROM pg_operator
      UNION ALL SELECT 'pg_opclass'::regclass, oid, opcowner FROM pg_opclass
      UNION ALL SELECT 'pg_opfamily'::regclass, oid, opfowner FROM pg_opfamily
      UNION ALL SELECT 'pg_collation'::regclass, oid, collowner FROM pg_collation
      UNION ALL SELECT 'pg_ts_config'::regclass, oid, cfgowner FROM pg_ts_config
      UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictowner FROM pg_ts_dict
      UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxowner FROM pg_statistic_ext
      UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid, fdwowner FROM pg_foreign_data_wrapper
      UNION ALL SELECT 'pg_foreign_server'::regclass, oid, srvowner FROM pg_foreign_server
      UNION ALL SELECT 'pg_publication'::regclass, oid, pubowner FROM pg_publication
      UNION ALL SELECT 'pg_largeobject'::regclass, oid, lomowner FROM pg_largeobject_metadata
    ) owned
    CROSS JOIN LATERAL pg_identify_object(owned.class, owned.oid, 0) described
    WHERE owned.oid >= 16384 AND owned.owner <> 'host'::regrole
      AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE classid = owned.class AND objid = owned.oid
        AND (deptype = 'e' OR deptype = 'i' AND refobjid <> objid))
      AND NOT EXISTS (SELECT 1 FROM pg_type array_type WHERE owned.class = 'pg_type'::regclass AND array_type.oid = owned.oid
        AND EXISTS (SELECT 1 FROM pg_type element JOIN pg_depend d ON d.objid = element.oid AND d.deptype = 'e'
          WHERE element.typarray = array_type.oid))";

impl TestCluster<'_> {
    /// What psql says when it cannot do something.
    fn refused(&self, user: &str, sql: &str) -> String {
        let socket = self.place().socket_folder;
        let output = self
            .psql_command()
            .unwrap()
            .args(["-X", "-A", "-t", "-c", sql, "--dbname"])
            .arg(format!("host={} port=5432 user={user} dbname=host", socket.display()))
            .output()
            .unwrap();
        assert!(!output.status.success(), "{sql}: {output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Commands of the superuser, in the stand-alone server.
    fn alone(&self, commands: &[&str]) {
        self.stop().unwrap();
        let place = self.place();
        let binaries = self.find_binaries(&place, None).unwrap();
        let commands: Vec<String> = commands.iter().map(|command| (*command).to_owned()).collect();
        single_user::run_alone(&place, &binaries, "data", "host", &commands).unwrap();
        self.ensure_running().unwrap();
    }
}

#[test]
fn migrations_are_no_superuser_and_cannot_become_one() {
    let folder = TestFolder::new();
    let cluster = folder.cluster("p");
    cluster.ensure_running().unwrap();
    let rights = "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, \
                  oid = (SELECT datdba FROM pg_database WHERE datname = current_database()) FROM pg_roles WHERE rolname = current_user";
    assert_eq!(cluster.query(rights), "f|f|t|f|f|t");
    assert_eq!(cluster.query("SELECT count(*) FROM pg_auth_members WHERE member = 'host'::regrole"), "0");
    // The database and the schema public are its own.
    cluster.query("CREATE TABLE public.t (); CREATE SCHEMA s; CREATE EXTENSION hstore");

    for (sql, expected) in [
        ("SELECT lo_export(lo_create(0), '/tmp/host-was-here')", "permission denied for function lo_export"),
        ("SELECT pg_read_file('/etc/passwd')", "permission denied for function pg_read_file"),
        ("COPY (SELECT 1) TO PROGRAM 'true'", "to COPY to or from an external program"),
        ("COPY (SELECT 1) TO '/tmp/host-was-here'", "to COPY to a file"),
        ("ALTER ROLE host SUPERUSER", "must be superuser|permission denied to alter role"),
        ("CREATE ROLE other SUPERUSER", "permission denied to create role|must be superuser"),
        ("GRANT pg_execute_server_program TO host", "must have admin option|permission denied to grant role"),
        ("ALTER SYSTEM SET archive_command = 'true'", "must be superuser|permission denied to set parameter"),
        ("CREATE EXTENSION dblink", "permission denied to create extension"),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'libc.so.6', 'getpid'", "permission denied for language c"),
        ("SET ROLE host_superuser", "permission denied to set role"),
        ("SET SESSION AUTHORIZATION host_superuser", "permission denied to set session authorization"),
        ("UPDATE pg_authid SET rolsuper = true", "permission denied for table pg_authid"),
    ] {
        let refusal = cluster.refused("host", sql);
        assert!(expected.split('|').any(|expected| refusal.contains(expected)), "{sql}: {refusal}");
    }
    // Not from outside, and not from within the server, whose processes are this user's as well.
    assert!(cluster.refused(SUPERUSER, "SELECT 1").contains("pg_hba.conf rejects connection"));
    assert!(cluster.refused("postgres", "SELECT 1").contains("pg_hba.conf rejects connection"));
    cluster.alone(&["CREATE EXTENSION dblink SCHEMA public;"]);
    let socket = cluster.place().socket_folder;
    for (user, expected) in [(SUPERUSER, "password|pg_hba.conf rejects"), ("host", "password")] {
        let connection = format!("host={} dbname=host user={user} password=x", socket.display());
        let refusal = cluster.refused("host", &format!("SELECT dblink_connect('{connection}')"));
        assert!(expected.split('|').any(|expected| refusal.contains(expected)), "{refusal}");
    }
}

#[test]
fn a_cluster_of_an_earlier_version_keeps_its_data() {
    let folder = TestFolder::new();
    let cluster = folder.cluster("p");
    let lock = cluster.site.lock().unwrap();
    let place = cluster.site.prepare().unwrap();
    drop(lock);
    // As it was made then.
    let binaries = cluster.find_binaries(&place, None).unwrap();
    let run = |program: &str, arguments: &[&str], input: &str| {
        let program = binaries.join(program);
        let mut command = programs::command(&program, &place.account, &place.base);
        command.args(arguments);
        let output = programs::run(command, input, &program, &place.account).unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    run("initdb", &["--no-sync", "-U", "host", "-E", "UTF8", "--locale=C", "--auth=trust", "--pgdata", "data"], "");
    run("postgres", &["--single", "-D", "data", "-c", "exit_on_error=on", "postgres"], "CREATE DATABASE host;\n");
    server::start(&place, &binaries).unwrap();
    cluster.query(OBJECTS);
    cluster.stop().unwrap();

    for expected in [Started::Converted, Started::AlreadyRunning] {
        assert_eq!(cluster.ensure_running().unwrap(), expected);
        assert_eq!(cluster.query("SELECT text FROM s.t"), "kept");
        assert_eq!(cluster.query("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"), "f");
        assert_eq!(cluster.query("SELECT count(*) FROM pg_roles WHERE rolname ~ 'conversion'"), "0");
        assert_eq!(cluster.query(OWNED_BY_OTHERS), "foreign-data wrapper w, function s.native()");
        assert!(cluster.refused("host", "SELECT s.native()").contains("permission denied for function native"));
        assert!(cluster.refused(SUPERUSER, "SELECT 1").contains("pg_hba.conf rejects connection"));
    }
    cluster.query("ALTER TABLE s.t ADD more int; DROP MATERIALIZED VIEW s.\"M v\"; CREATE TABLE public.new ()");
    // What a crash left half done is done to its end.
    cluster.stop().unwrap();
    fs::remove_file(place.base.join("SETUP")).unwrap();
    assert_eq!(cluster.ensure_running().unwrap(), Started::Converted);
    assert_eq!(cluster.query("SELECT text FROM s.t"), "kept");
}

#[test]
fn a_cluster_whose_role_could_make_no_databases_is_changed() {
    let folder = TestFolder::new();
    let cluster = folder.cluster("p");
    cluster.ensure_running().unwrap();
    cluster.query("CREATE TABLE kept ()");
    cluster.alone(&["ALTER ROLE host NOCREATEDB;"]);
    assert!(cluster.refused("host", "CREATE DATABASE shadow").contains("permission denied to create database"));
    // As it was set up then.
    cluster.stop().unwrap();
    let place = cluster.place();
    fs::write(place.base.join("SETUP"), "roles 1\n").unwrap();
    fs::write(place.data().join("pg_hba.conf"), "local host host trust\nlocal all all reject\n").unwrap();
    assert_eq!(cluster.ensure_running().unwrap(), Started::Updated);
    assert_eq!(cluster.ensure_running().unwrap(), Started::AlreadyRunning);
    cluster.query("CREATE DATABASE shadow");
    let connection = format!("host={} port=5432 user=host dbname=shadow", place.socket_folder.display());
    let mut psql = cluster.psql_command().unwrap();
    let output = psql.args(["-X", "-A", "-t", "-c", "SELECT 1", "--dbname", &connection]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "1", "{output:?}");
    assert_eq!(cluster.query("SELECT count(*) FROM kept"), "0");
}

#[test]
fn extensions_are_made_by_the_superuser() {
    let folder = TestFolder::new();
    let project = folder.cluster("p");
    let with = |names: &[&str]| {
        let site = Site {
            short_root: folder.path().to_path_buf(),
            lasting_root: folder.path().to_path_buf(),
            ..Site::new(&project.site.state_folder)
        };
        let extensions = names.iter().map(|name| (*name).to_owned()).collect();
        Cluster { site, binaries: server_programs(), path: std::env::var_os("PATH"), extensions, durable: false }
    };
    assert_eq!(with(&["pg_stat_statements"]).ensure_running().unwrap(), Started::Created);
    let made = || project.query("SELECT string_agg(extname, ',' ORDER BY extname) FROM pg_extension");
    assert_eq!(made(), "pg_stat_statements,plpgsql");
    assert_eq!(project.query("SELECT oid >= 16384 FROM pg_extension WHERE extname = 'pg_stat_statements'"), "t");
    // New databases, such as shadows, have them as well.
    project.query("CREATE DATABASE shadow");
    let connection = format!("host={} port=5432 user=host dbname=shadow", project.place().socket_folder.display());
    let mut psql = project.psql_command().unwrap();
    let made_there = "SELECT extname FROM pg_extension WHERE extname = 'pg_stat_statements'";
    let output = psql.args(["-X", "-A", "-t", "-c", made_there, "--dbname", &connection]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "pg_stat_statements", "{output:?}");
    let more = with(&["pg_stat_statements", "pageinspect", "uuid-ossp"]);
    assert_eq!(more.ensure_running().unwrap(), Started::Extended);
    assert_eq!(more.ensure_running().unwrap(), Started::AlreadyRunning);
    assert_eq!(made(), "pageinspect,pg_stat_statements,plpgsql,uuid-ossp");
    assert!(project.refused("host", "DROP EXTENSION pageinspect").contains("must be owner of extension"));

    // What cannot be made is named, and the cluster lives on without it.
    let error = with(&["earthdistance"]).ensure_running().unwrap_err();
    assert!(error.to_string().contains("'earthdistance'") && error.to_string().contains("\"cube\""), "{error}");
    let error = with(&["no_such"]).ensure_running().unwrap_err();
    assert!(error.hint().unwrap().contains("take 'no_such' out of"), "{error}");
    assert!(matches!(with(&["dblink"]).ensure_running(), Err(LocalError::ExtensionReaches { .. })));
    assert_eq!(with(&[]).ensure_running().unwrap(), Started::Started);
    assert_eq!(made(), "pageinspect,pg_stat_statements,plpgsql,uuid-ossp");
}

#[test]
fn a_cluster_in_the_project_is_taken_over_only_on_demand() {
    let folder = TestFolder::new();
    let old = folder.cluster("p");
    old.ensure_running().unwrap();
    old.query("CREATE TABLE kept ()");
    let home = folder.path().join("home");
    let new = TestCluster {
        cluster: cluster(&old.site.state_folder, folder.path()).in_folder(home.clone()),
        _folder: &folder,
    };
    for result in [new.ensure_running().map(drop), new.url().map(drop)] {
        let error = result.unwrap_err();
        assert!(matches!(&error, LocalError::InProject { .. }), "{error}");
        assert!(error.hint().unwrap().contains("--adopt"));
    }
    assert!(matches!(new.status().unwrap(), Status::Running { .. }));
    assert!(new.adopt().unwrap() && !new.adopt().unwrap());
    assert_eq!(new.ensure_running().unwrap(), Started::Converted);
    assert_eq!(new.place().base.parent(), Some(home.as_path()));
    assert_eq!(new.query("SELECT count(*) FROM kept"), "0");
    assert!(new.site.inside().is_file());
    assert_eq!(new.notes().iter().filter(|note| note.contains("the cluster is in")).count(), 0, "{:?}", new.notes());

    // The file that names it may go, and may not name another.
    fs::remove_file(new.site.inside()).unwrap();
    assert_eq!(new.ensure_running().unwrap(), Started::AlreadyRunning);
    let other = folder.cluster("other");
    fs::create_dir(&other.site.state_folder).unwrap();
    fs::copy(new.site.inside(), other.site.inside()).unwrap();
    let other =
        TestCluster { cluster: cluster(&other.site.state_folder, folder.path()).in_folder(home), _folder: &folder };
    assert!(matches!(other.ensure_running(), Err(LocalError::WrongPointer { .. })));
    assert!(new.destroy().unwrap());
    assert!(!new.place().base.exists() && !new.site.inside().exists());
}
