//! A prepared statement for a thousand rows, and one that reads them.

use host_guest::{Date, Failure, Migration, Statement, execute};

struct Prepared;

host_guest::export!(Prepared);

impl Migration for Prepared {
    fn upgrade() -> Result<(), Failure> {
        execute("CREATE TABLE nights (id integer PRIMARY KEY, night date NOT NULL, note text)", &[])?;
        let insert = Statement::prepare("INSERT INTO nights (id, night, note) VALUES ($1, $2, $3)")?;
        // integer, date, text
        same("the types of the parameters", insert.params(), vec![23, 1082, 25])?;
        same("the columns of an INSERT", insert.columns().len(), 0)?;
        let first = Date::from_ymd(2026, 1, 1);
        let rows = (0..1000).map(|id| (id, Date(first.0 + id), (id % 2 == 0).then(|| format!("night {id}"))));
        same("rows written", insert.execute_many(rows)?, 1000)?;
        same("a single row", insert.execute(&[&1000i32, &Date::INFINITY, &None::<&str>])?, 1)?;
        same("no rows", insert.execute_many(Vec::<(i32, Date, &str)>::new())?, 0)?;

        let find = Statement::prepare("SELECT id, night, note FROM nights WHERE id >= $1 ORDER BY id LIMIT 2")?;
        let names: Vec<String> = find.columns().into_iter().map(|column| column.name).collect();
        same("the columns of a SELECT", names, vec!["id".to_owned(), "night".to_owned(), "note".to_owned()])?;
        let rows = find.query(&[&58i32])?;
        same("rows read", rows.len(), 2)?;
        same("a date", rows[0].get::<Date>("night")?.to_string(), "2026-02-28".to_owned())?;
        same("a note", rows[0].get::<Option<&str>>("note")?, Some("night 58"))?;
        same("no note", rows[1].get::<Option<&str>>("note")?, None)?;
        same("the last row", find.query_one(&[&1000i32])?.get::<Date>("night")?, Date::INFINITY)?;
        same("no row", find.query_optional(&[&1001i32])?.is_none(), true)
    }

    fn downgrade() -> Result<(), Failure> {
        execute("DROP TABLE nights", &[])?;
        Ok(())
    }
}

fn same<T: std::fmt::Debug + PartialEq>(what: &str, found: T, expected: T) -> Result<(), Failure> {
    if found == expected { Ok(()) } else { Err(format!("{what}: got {found:?}, expected {expected:?}").into()) }
}
