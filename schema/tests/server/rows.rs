//! What becomes of rows, and what is left out.

use host_schema::DiffOptions;
use host_schema::ReadOptions;
use sqlx::AssertSqlSafe;
use sqlx::Connection;
use sqlx::Executor;
use sqlx::PgConnection;
use sqlx::Row;

use super::Side;

/// Two databases of their own, or nothing where no server is named.
struct Pair {
    url: String,
    name: String,
    from: Side,
    to: Side,
}

impl Pair {
    async fn new(name: &str, from: &str, to: &str) -> Option<Self> {
        let Ok(url) = std::env::var("HOST_SCHEMA_TEST_URL") else {
            eprintln!("HOST_SCHEMA_TEST_URL is not set, so nothing was tried");
            return None;
        };
        let name = format!("rows_{name}_{}", std::process::id());
        let mut pair = Self {
            from: Side::new(&url, &format!("{name}_from")).await,
            to: Side::new(&url, &format!("{name}_to")).await,
            url,
            name,
        };
        pair.from.run(from).await.unwrap();
        pair.to.run(to).await.unwrap();
        Some(pair)
    }

    /// Turns the first into the second.
    async fn turn(&mut self, renames: &[&str]) {
        let (from, to) = (self.from.read().await, self.to.read().await);
        let renames = renames.iter().map(|rename| rename.parse().unwrap()).collect();
        let plan = host_schema::diff(&from, &to, &DiffOptions { online: false, renames }).unwrap();
        self.from.apply(&plan).await.unwrap();
        let rest = host_schema::diff(&self.from.read().await, &to, &DiffOptions::default()).unwrap();
        assert!(rest.is_empty(), "{}\nafter\n{}", rest.to_sql(), plan.to_sql());
    }

    async fn value(&mut self, sql: &str) -> String {
        let row = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_one(&mut self.from.connection).await.unwrap();
        row.get(0)
    }

    async fn end(self) {
        self.from.connection.close().await.unwrap();
        self.to.connection.close().await.unwrap();
        let mut admin = PgConnection::connect(&self.url).await.unwrap();
        for side in ["from", "to"] {
            admin.execute(AssertSqlSafe(format!("DROP DATABASE {}_{side}", self.name))).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_rename_keeps_rows_and_what_belongs_to_the_table() {
    let from = "CREATE TABLE orders (id serial PRIMARY KEY, note text CHECK (note <> ''));
        CREATE INDEX orders_note_idx ON orders (note); CREATE TABLE lines (order_id integer REFERENCES orders);
        CREATE VIEW latest AS SELECT max(id) AS id FROM orders;
        CREATE FUNCTION newest(o orders) RETURNS bigint LANGUAGE sql AS 'SELECT max(id) FROM public.orders'; INSERT INTO orders (note) VALUES ('a'), ('b')";
    let to = "CREATE TABLE sales (id serial PRIMARY KEY, remark text CHECK (remark <> ''));
        CREATE INDEX sales_note_idx ON sales (remark); CREATE TABLE lines (order_id integer REFERENCES sales);
        CREATE VIEW latest AS SELECT max(id) AS id FROM sales;
        CREATE FUNCTION newest(o sales) RETURNS bigint LANGUAGE sql AS 'SELECT max(id) FROM public.sales';
        ALTER TABLE sales RENAME CONSTRAINT sales_remark_check TO sales_note_check";
    let Some(mut pair) = Pair::new("rename", from, to).await else { return };
    pair.turn(&["public.orders=sales", "public.sales.note=remark"]).await;
    assert_eq!(pair.value("SELECT string_agg(remark, ',' ORDER BY id) FROM sales").await, "a,b");
    assert_eq!(pair.value("SELECT newest(s)::text FROM sales AS s LIMIT 1").await, "2");
    pair.end().await;
}

#[tokio::test]
async fn a_schema_is_renamed_with_all_that_is_in_it() {
    let sql = |schema: &str| {
        format!(
            "CREATE SCHEMA {schema}; CREATE TYPE {schema}.mood AS ENUM ('shop', 'old.b'); CREATE TABLE {schema}.a (id serial PRIMARY KEY, m {schema}.mood DEFAULT 'shop');
             CREATE TABLE {schema}.b (id integer REFERENCES {schema}.a); CREATE VIEW {schema}.v AS SELECT id FROM {schema}.a;
             CREATE FUNCTION {schema}.f({schema}.mood) RETURNS integer LANGUAGE sql AS 'SELECT 1'; COMMENT ON VIEW {schema}.v IS 'old.a';
             INSERT INTO {schema}.a DEFAULT VALUES"
        )
    };
    let Some(mut pair) = Pair::new("schema", &sql("old"), &sql("shop")).await else { return };
    let options = DiffOptions { online: false, renames: vec!["old=shop".parse().unwrap()] };
    let plan = host_schema::diff(&pair.from.read().await, &pair.to.read().await, &options).unwrap();
    assert_eq!(plan.to_sql(), "ALTER SCHEMA old RENAME TO shop;\n");
    pair.turn(&["old=shop"]).await;
    assert_eq!(pair.value("SELECT m::text FROM shop.a").await, "shop");
    pair.end().await;
}

#[tokio::test]
async fn rows_come_along_when_a_table_becomes_partitioned_and_back() {
    let plain = "CREATE TABLE log (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, day date NOT NULL, s serial);
        CREATE INDEX log_day ON log (day); INSERT INTO log (day) VALUES ('2024-01-01'), ('2024-05-01')";
    let parts = "CREATE TABLE log (id bigint GENERATED ALWAYS AS IDENTITY, day date NOT NULL, s serial, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
        CREATE TABLE log_2024 PARTITION OF log FOR VALUES FROM ('2024-01-01') TO ('2025-01-01'); CREATE INDEX log_day ON log (day);
        INSERT INTO log (day) VALUES ('2024-02-02')";
    for (name, from, to, rows) in [("parts", plain, parts, "2"), ("plain", parts, plain, "1")] {
        let Some(mut pair) = Pair::new(name, from, to).await else { return };
        pair.turn(&[]).await;
        assert_eq!(pair.value("SELECT count(*)::text FROM log").await, rows);
        // The numbers go on.
        let next = "INSERT INTO log (day) VALUES ('2024-12-31') RETURNING (id > 1)::text";
        assert_eq!(pair.value(next).await, "true");
        pair.end().await;
    }
}

#[tokio::test]
async fn rows_stay_when_an_enum_loses_a_value() {
    let from = "CREATE TYPE mood AS ENUM ('good', 'bad', 'odd'); CREATE TABLE a (m mood DEFAULT 'good', all_m mood[]);
        CREATE VIEW v AS SELECT m FROM a; INSERT INTO a VALUES ('good', '{good,bad}')";
    let to = "CREATE TYPE mood AS ENUM ('bad', 'good'); CREATE TABLE a (m mood DEFAULT 'good', all_m mood[]); CREATE VIEW v AS SELECT m FROM a";
    let Some(mut pair) = Pair::new("mood", from, to).await else { return };
    pair.turn(&[]).await;
    assert_eq!(pair.value("SELECT m || ' ' || all_m::text FROM a").await, "good {good,bad}");
    pair.end().await;
}

#[tokio::test]
async fn tables_of_host_and_what_is_excluded_are_left_out() {
    let from = "CREATE TABLE host_log (id serial PRIMARY KEY, note text DEFAULT 'x'); COMMENT ON TABLE host_log IS 'ours';
        CREATE INDEX host_log_note ON host_log (note); CREATE SCHEMA audit; CREATE TABLE audit.log (id integer); GRANT SELECT ON audit.log TO PUBLIC;
        CREATE TABLE kept (id integer)";
    let Some(mut pair) = Pair::new("own", from, "CREATE TABLE kept (id integer)").await else { return };
    let options = ReadOptions {
        own_tables: vec![("public".to_owned(), "host_log".to_owned())],
        exclude: vec!["audit".parse().unwrap()],
        ..ReadOptions::default()
    };
    let catalog = host_schema::read(&mut pair.from.connection, &options).await.unwrap();
    let plan = host_schema::diff(&catalog, &pair.to.read().await, &DiffOptions::default()).unwrap();
    assert!(plan.is_empty() && plan.changes.is_empty(), "{:#?}", plan.changes);
    pair.end().await;
}
