//! Pairs of random schemas that have much in common.

/// A small generator of random numbers (xorshift64*), so that a number always gives the same schema.
struct Dice(u64);

impl Dice {
    /// Dice that depend on the numbers and the name.
    fn new(seed: u64, name: &str) -> Self {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xDEAD_BEEF_CAFE_F00D;
        for byte in name.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
        let mut dice = Self(state | 1);
        for _ in 0..4 {
            dice.next();
        }
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap_or_default()
    }

    fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

struct Column {
    name: String,
    data_type: String,
    not_null: bool,
    rest: String,
    generated: bool,
}

struct Table {
    name: String,
    columns: Vec<Column>,
    key: Option<String>,
}

/// One side: objects of whose name `own` decides are made by the second number.
struct Generator {
    common: u64,
    own: u64,
    statements: Vec<String>,
}

const TYPES: &[&str] = &[
    "integer",
    "bigint",
    "text",
    "character varying(20)",
    "numeric(10,2)",
    "boolean",
    "timestamp with time zone",
    "date",
    "jsonb",
    "integer[]",
    "uuid",
];

/// The statements of two schemas.
pub(crate) fn pair(seed: u64) -> (Vec<String>, Vec<String>) {
    let side = |own| {
        let mut generator = Generator { common: seed, own, statements: Vec::new() };
        generator.all();
        generator.statements
    };
    (side(seed.wrapping_mul(3) + 1), side(seed.wrapping_mul(5) + 2))
}

impl Generator {
    /// The dice for an object: two of three times those that both sides have.
    fn dice(&self, name: &str) -> Dice {
        let shared = Dice::new(self.common, &format!("{name}?")).percent(60);
        Dice::new(if shared { self.common } else { self.own }, name)
    }

    fn push(&mut self, sql: impl Into<String>) {
        self.statements.push(sql.into());
    }

    fn all(&mut self) {
        self.push("CREATE SCHEMA a");
        self.push("CREATE SCHEMA b");
        let mut types: Vec<String> = TYPES.iter().map(|it| (*it).to_owned()).collect();
        types.extend(self.types());
        let functions = self.functions();
        let tables = self.tables(&types, &functions);
        self.foreign_keys(&tables);
        self.indexes(&tables);
        self.views(&tables);
        self.behaviour(&tables);
        self.partitions(&tables);
        self.inheritance(&tables);
        self.more(&tables);
    }

    fn types(&mut self) -> Vec<String> {
        let mut types = Vec::new();
        for name in ["a.mood", "b.state"] {
            let mut dice = self.dice(name);
            if dice.percent(75) {
                let pool = ["new", "open", "done", "it''s", "lost", "found"];
                let count = 2 + dice.below(4);
                let start = dice.below(2);
                let mut values: Vec<String> =
                    pool[start..].iter().take(count).map(|value| format!("'{value}'")).collect();
                if dice.percent(20) {
                    values.reverse();
                }
                self.push(format!("CREATE TYPE {name} AS ENUM ({})", values.join(", ")));
                types.push(name.to_owned());
            }
        }
        let mut dice = self.dice("a.amount");
        if dice.percent(70) {
            let base = dice.pick(&["integer", "bigint", "numeric(8,2)"]);
            let check = if dice.percent(60) {
                format!(" CONSTRAINT amount_check CHECK (VALUE > {})", dice.below(3))
            } else {
                String::new()
            };
            let default = if dice.percent(30) { " DEFAULT 7" } else { "" };
            self.push(format!("CREATE DOMAIN a.amount AS {base}{default}{check}"));
            types.push("a.amount".to_owned());
        }
        let mut dice = self.dice("b.point");
        if dice.percent(60) {
            let second = dice.pick(&["integer", "text", "date"]);
            let third = if dice.percent(50) { ", z integer" } else { "" };
            self.push(format!("CREATE TYPE b.point AS (x integer, y {second}{third})"));
            types.push("b.point".to_owned());
        }
        for name in ["a.counter", "b.numbers"] {
            let mut dice = self.dice(name);
            if dice.percent(50) {
                let data_type = dice.pick(&["integer", "bigint", "smallint"]);
                let cycle = if dice.percent(30) { " CYCLE" } else { "" };
                self.push(format!(
                    "CREATE SEQUENCE {name} AS {data_type} INCREMENT BY {} CACHE {}{cycle}",
                    1 + dice.below(3),
                    1 + dice.below(3)
                ));
            }
        }
        types
    }

    fn functions(&mut self) -> Vec<String> {
        let mut functions = Vec::new();
        for name in ["a.twice", "b.half"] {
            let mut dice = self.dice(name);
            if dice.percent(70) {
                let result = dice.pick(&["integer", "integer", "bigint"]);
                let volatility = dice.pick(&["IMMUTABLE", "IMMUTABLE STRICT"]);
                let factor = dice.below(3);
                self.push(format!("CREATE FUNCTION {name}(value integer) RETURNS {result} LANGUAGE sql {volatility} AS $$ SELECT value * {factor} $$"));
                functions.push(name.to_owned());
            }
        }
        functions
    }

    fn tables(&mut self, types: &[String], functions: &[String]) -> Vec<Table> {
        let mut tables = Vec::new();
        for name in ["a.one", "a.two", "b.one", "b.\"Three\"", "a.four"] {
            let mut dice = self.dice(name);
            if !dice.percent(80) {
                continue;
            }
            let (columns, key) = (self.columns(name, types, functions), dice.percent(75));
            let mut parts: Vec<String> = columns
                .iter()
                .map(|column| {
                    let not_null = if column.not_null { " NOT NULL" } else { "" };
                    format!("{} {}{}{not_null}", column.name, column.data_type, column.rest)
                })
                .collect();
            let key = key.then(|| "id".to_owned());
            if key.is_some() {
                parts.push("PRIMARY KEY (id)".to_owned());
            }
            for column in columns.iter().filter(|column| !column.generated) {
                let plain = column.name.replace('"', "");
                if column.data_type == "integer" && dice.percent(20) {
                    parts.push(format!("CONSTRAINT \"{plain}_positive\" CHECK ({} > {})", column.name, dice.below(2)));
                } else if matches!(column.data_type.as_str(), "text" | "bigint" | "uuid") && dice.percent(15) {
                    parts.push(format!(
                        "CONSTRAINT \"{}_{plain}_unique\" UNIQUE ({})",
                        name.replace(['.', '"'], "_"),
                        column.name
                    ));
                }
            }
            let unlogged = if dice.percent(8) { "UNLOGGED " } else { "" };
            let options = if dice.percent(15) {
                format!(" WITH (fillfactor = {})", 50 + dice.below(4) * 10)
            } else {
                String::new()
            };
            self.push(format!("CREATE {unlogged}TABLE {name} ({}){options}", parts.join(", ")));
            if dice.percent(20) {
                self.push(format!("COMMENT ON TABLE {name} IS 'table number {}'", dice.below(3)));
            }
            if dice.percent(15) {
                self.push(format!("GRANT {} ON {name} TO PUBLIC", dice.pick(&["SELECT", "SELECT, INSERT", "ALL"])));
            }
            tables.push(Table { name: name.to_owned(), columns, key });
        }
        tables
    }

    fn columns(&mut self, table: &str, types: &[String], functions: &[String]) -> Vec<Column> {
        let mut columns = Vec::new();
        let mut dice = self.dice(&format!("{table}.id"));
        let rest = match dice.below(4) {
            0 => " GENERATED ALWAYS AS IDENTITY",
            1 => " GENERATED BY DEFAULT AS IDENTITY (START WITH 10)",
            _ => "",
        };
        let data_type = if rest.is_empty() && dice.percent(40) { "serial" } else { dice.pick(&["integer", "bigint"]) };
        columns.push(Column {
            name: "id".to_owned(),
            data_type: data_type.to_owned(),
            not_null: false,
            rest: rest.to_owned(),
            generated: false,
        });
        for name in ["name", "\"Amount\"", "kind", "at", "note", "user"] {
            let mut dice = self.dice(&format!("{table}.{name}"));
            if !dice.percent(65) {
                continue;
            }
            let name = if name == "user" { "\"user\"" } else { name };
            let data_type = types[dice.below(types.len())].clone();
            let mut rest = String::new();
            let mut generated = false;
            if data_type == "integer" && dice.percent(25) {
                let expression = functions
                    .first()
                    .map_or_else(|| "id * 2".to_owned(), |function| format!("{function}(id::integer)"));
                rest = format!(" GENERATED ALWAYS AS ({expression}) STORED");
                generated = true;
            } else if dice.percent(35) {
                let default = match data_type.as_str() {
                    "integer" | "bigint" | "numeric(10,2)" | "a.amount" => format!("{}", 1 + dice.below(5)),
                    "text" | "character varying(20)" => "'x'".to_owned(),
                    "boolean" => "true".to_owned(),
                    "timestamp with time zone" => "now()".to_owned(),
                    "jsonb" => "'{}'".to_owned(),
                    _ => String::new(),
                };
                if !default.is_empty() {
                    rest = format!(" DEFAULT {default}");
                }
            }
            if data_type == "text" && dice.percent(20) {
                rest = format!(" COLLATE \"C\"{rest}");
            }
            columns.push(Column { name: name.to_owned(), data_type, not_null: dice.percent(30), rest, generated });
        }
        columns
    }

    fn foreign_keys(&mut self, tables: &[Table]) {
        for table in tables {
            for target in tables.iter().filter(|target| target.key.is_some()) {
                let mut dice = self.dice(&format!("{}>{}", table.name, target.name));
                let wide = target.columns[0].data_type == "bigint";
                let column = table.columns.iter().skip(1).find(|column| {
                    !column.generated && (column.data_type == "integer" || wide && column.data_type == "bigint")
                });
                if let (Some(column), true) = (column, dice.percent(40)) {
                    let action = dice.pick(&[
                        "",
                        " ON DELETE CASCADE",
                        " ON UPDATE CASCADE",
                        " DEFERRABLE INITIALLY DEFERRED",
                        " NOT VALID",
                    ]);
                    let name = format!("fk_{}", target.name.replace(['.', '"'], "_"));
                    self.push(format!(
                        "ALTER TABLE {} ADD CONSTRAINT {name} FOREIGN KEY ({}) REFERENCES {} (id){action}",
                        table.name, column.name, target.name
                    ));
                }
            }
        }
    }

    fn indexes(&mut self, tables: &[Table]) {
        for table in tables {
            for column in table.columns.iter().skip(1) {
                let mut dice = self.dice(&format!("{}#{}", table.name, column.name));
                if !dice.percent(25) || matches!(column.data_type.as_str(), "jsonb" | "b.point") {
                    continue;
                }
                let name = format!("\"ix_{}_{}\"", table.name.replace(['.', '"'], "_"), column.name.replace('"', ""));
                let unique = if dice.percent(20) { "UNIQUE " } else { "" };
                let end = dice.pick(&["", " WHERE (id > 5)", " WITH (fillfactor = 80)", " INCLUDE (id)"]);
                self.push(format!(
                    "CREATE {unique}INDEX {name} ON {} ({} {}){end}",
                    table.name,
                    column.name,
                    dice.pick(&["", "DESC"])
                ));
            }
            if table.columns.len() > 3 && self.dice(&format!("{}#s", table.name)).percent(15) {
                let names: Vec<_> =
                    table.columns.iter().filter(|c| c.data_type != "jsonb").map(|c| c.name.as_str()).take(3).collect();
                if names.len() > 1
                    && !table.columns.iter().any(|c| c.data_type == "b.point" && names.contains(&c.name.as_str()))
                {
                    let name = format!("\"st_{}\"", table.name.replace(['.', '"'], "_"));
                    self.push(format!("CREATE STATISTICS a.{name} ON {} FROM {}", names.join(", "), table.name));
                }
            }
        }
    }

    fn views(&mut self, tables: &[Table]) {
        let mut made: Vec<(String, Vec<String>)> = Vec::new();
        for (at, name) in ["a.v_one", "b.v_two", "a.v_three"].into_iter().enumerate() {
            let mut dice = self.dice(name);
            if !dice.percent(75) {
                continue;
            }
            let (source, columns) = if at > 0 && !made.is_empty() && dice.percent(60) {
                made[dice.below(made.len())].clone()
            } else if let Some(table) = tables.get(dice.below(tables.len().max(1))) {
                (table.name.clone(), table.columns.iter().map(|column| column.name.clone()).collect())
            } else {
                continue;
            };
            let chosen: Vec<String> =
                columns.iter().filter(|column| *column == "id" || dice.percent(60)).cloned().collect();
            let kind = if dice.percent(30) { "MATERIALIZED VIEW" } else { "VIEW" };
            self.push(format!(
                "CREATE {kind} {name} AS SELECT {} FROM {source} WHERE id > {}",
                chosen.join(", "),
                dice.below(3)
            ));
            if kind == "MATERIALIZED VIEW" && dice.percent(50) {
                self.push(format!(
                    "CREATE UNIQUE INDEX {}_id ON {name} (id)",
                    name.replace("a.", "").replace("b.", "")
                ));
            }
            if dice.percent(30) {
                self.push(format!("COMMENT ON {kind} {name} IS 'view {}'", dice.below(2)));
            }
            if dice.percent(30) {
                self.push(format!("GRANT SELECT ON {name} TO PUBLIC"));
            }
            made.push((name.to_owned(), chosen));
        }
    }

    fn behaviour(&mut self, tables: &[Table]) {
        let mut dice = self.dice("a.touch");
        let touch = dice.percent(70);
        if touch {
            self.push(format!(
                "CREATE FUNCTION a.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN {}; END $$",
                dice.pick(&["NEW", "OLD"])
            ));
        }
        for table in tables {
            let mut dice = self.dice(&format!("{}!", table.name));
            if touch && dice.percent(35) {
                let event = dice.pick(&["BEFORE UPDATE", "AFTER INSERT OR DELETE", "BEFORE UPDATE OF id"]);
                let when =
                    if dice.percent(30) && event != "AFTER INSERT OR DELETE" { " WHEN (NEW.id > 3)" } else { "" };
                self.push(format!(
                    "CREATE TRIGGER touched {event} ON {} FOR EACH ROW{when} EXECUTE FUNCTION a.touch()",
                    table.name
                ));
                if dice.percent(25) {
                    self.push(format!("ALTER TABLE {} DISABLE TRIGGER touched", table.name));
                }
            }
            if dice.percent(25) {
                let command = dice.pick(&["ALL", "SELECT", "UPDATE"]);
                self.push(format!("ALTER TABLE {} ENABLE ROW LEVEL SECURITY", table.name));
                self.push(format!(
                    "CREATE POLICY visible ON {} FOR {command} USING (id > {})",
                    table.name,
                    dice.below(3)
                ));
            }
            if table.key.is_some() && dice.percent(10) {
                self.push(format!("ALTER TABLE {} REPLICA IDENTITY {}", table.name, dice.pick(&["FULL", "NOTHING"])));
            }
        }
    }

    fn partitions(&mut self, tables: &[Table]) {
        let mut dice = self.dice("b.log");
        if !dice.percent(70) {
            return;
        }
        let extra = if dice.percent(50) { ", note text DEFAULT 'n'" } else { "" };
        let check =
            if dice.percent(40) { format!(", CONSTRAINT known CHECK (id > {})", dice.below(2)) } else { String::new() };
        let key = if dice.percent(50) { ", PRIMARY KEY (id, day)" } else { "" };
        let data_type = dice.pick(&["integer", "integer", "bigint"]);
        self.push(format!("CREATE TABLE b.log (id {data_type} NOT NULL, day date NOT NULL{extra}{check}{key}) PARTITION BY RANGE (day)"));
        for year in [2023, 2024, 2025] {
            let mut dice = self.dice(&format!("b.log_{year}"));
            if !dice.percent(75) {
                continue;
            }
            let below = if dice.percent(20) { " PARTITION BY LIST (id)" } else { "" };
            if dice.percent(75) {
                self.push(format!("CREATE TABLE b.log_{year} PARTITION OF b.log FOR VALUES FROM ('{year}-01-01') TO ('{}-01-01'){below}", year + 1));
                if !below.is_empty() {
                    self.push(format!("CREATE TABLE b.log_{year}_one PARTITION OF b.log_{year} FOR VALUES IN (1, 2)"));
                }
            } else {
                // Not attached: a table of the same columns.
                self.push(format!("CREATE TABLE b.log_{year} (LIKE b.log)"));
            }
            if dice.percent(20) {
                self.push(format!("CREATE INDEX log_{year}_own ON b.log_{year} (day)"));
            }
        }
        let mut dice = self.dice("b.log#id");
        if dice.percent(50) {
            self.push(format!("CREATE INDEX log_id ON b.log (id{})", dice.pick(&["", ", day"])));
        }
        for target in tables.iter().filter(|target| target.key.is_some()).take(2) {
            let mut dice = self.dice(&format!("b.log>{}", target.name));
            if dice.percent(35) {
                let name = target.name.replace(['.', '"'], "_");
                self.push(format!(
                    "ALTER TABLE b.log ADD CONSTRAINT fk_{name} FOREIGN KEY (id) REFERENCES {} (id){}",
                    target.name,
                    dice.pick(&["", " ON DELETE CASCADE"])
                ));
            }
        }
        let mut dice = self.dice("b.log!");
        if dice.percent(40) {
            self.push("CREATE TRIGGER touched BEFORE INSERT ON b.log FOR EACH ROW EXECUTE FUNCTION a.touch()");
        }
    }

    fn inheritance(&mut self, tables: &[Table]) {
        let Some(parent) = tables.first() else { return };
        let mut dice = self.dice("b.child");
        if dice.percent(50) {
            let own = dice.pick(&["extra integer", "extra text", "extra integer, more date DEFAULT now()"]);
            let above = if dice.percent(75) { format!(" INHERITS ({})", parent.name) } else { String::new() };
            self.push(format!("CREATE TABLE b.child ({own}){above}"));
            if dice.percent(30) {
                self.push("CREATE INDEX child_extra ON b.child (extra)");
            }
        }
    }

    fn more(&mut self, tables: &[Table]) {
        let mut dice = self.dice("a.total");
        if dice.percent(40) {
            self.push(format!(
                "CREATE AGGREGATE a.total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '{}')",
                dice.below(3)
            ));
        }
        let mut dice = self.dice("b.span");
        if dice.percent(40) {
            self.push(format!("CREATE TYPE b.span AS RANGE (SUBTYPE = {})", dice.pick(&["integer", "date", "float8"])));
            if dice.percent(60) {
                self.push("CREATE TABLE b.spans (id integer, during b.span)");
            }
        }
        let mut dice = self.dice("a.clean");
        if dice.percent(50) {
            let body = tables.first().map_or_else(
                || "SELECT 1".to_owned(),
                |table| format!("DELETE FROM {} WHERE id > {}", table.name, dice.below(3)),
            );
            self.push(format!(
                "CREATE PROCEDURE a.clean({}) LANGUAGE sql AS $$ {body} $$",
                dice.pick(&["", "IN days integer", "IN days integer DEFAULT 3"])
            ));
        }
        if let Some(table) = tables.get(1) {
            let mut dice = self.dice("b.count_all");
            if dice.percent(50) {
                let result = dice.pick(&["bigint", "integer", "SETOF integer"]);
                self.push(format!("CREATE FUNCTION b.count_all() RETURNS {result} LANGUAGE sql STABLE BEGIN ATOMIC SELECT {}.id::integer FROM {}; END", table.name, table.name));
            }
            let mut dice = self.dice("b.rows");
            if dice.percent(40) {
                self.push(format!(
                    "CREATE FUNCTION b.rows(wanted {}) RETURNS SETOF {} LANGUAGE sql STABLE AS $$ SELECT * FROM {} $$",
                    dice.pick(&["integer", "bigint"]),
                    table.name,
                    table.name
                ));
            }
            let mut dice = self.dice("rule");
            if dice.percent(25) {
                self.push(format!(
                    "CREATE RULE quiet AS ON DELETE TO {} WHERE (old.id > {}) DO INSTEAD NOTHING",
                    table.name,
                    dice.below(2)
                ));
            }
        }
        for table in tables {
            for column in &table.columns {
                let mut dice = self.dice(&format!("{}.{}?", table.name, column.name));
                if dice.percent(12) {
                    self.push(format!("COMMENT ON COLUMN {}.{} IS 'says {}'", table.name, column.name, dice.below(2)));
                }
                if dice.percent(8) {
                    self.push(format!(
                        "GRANT {} ({}) ON {} TO PUBLIC",
                        dice.pick(&["SELECT", "UPDATE", "SELECT"]),
                        column.name,
                        table.name
                    ));
                }
                if dice.percent(8) {
                    self.push(format!(
                        "ALTER TABLE {} ALTER COLUMN {} SET STATISTICS {}",
                        table.name,
                        column.name,
                        10 + dice.below(3)
                    ));
                }
            }
        }
        let mut dice = self.dice("defaults");
        if dice.percent(30) {
            self.push(format!(
                "ALTER DEFAULT PRIVILEGES IN SCHEMA a GRANT {} TO PUBLIC",
                dice.pick(&["SELECT ON TABLES", "USAGE ON SEQUENCES", "SELECT, INSERT ON TABLES"])
            ));
        }
    }
}
