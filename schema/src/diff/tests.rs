//! Small catalogs made by hand, and what comes of comparing them.

use super::*;
use crate::catalog::column::Column;
use crate::catalog::comment::Comment;
use crate::catalog::constraint::Constraint;
use crate::catalog::constraint::ConstraintType;
use crate::catalog::default::ColumnDefault;
use crate::catalog::index::Index;
use crate::catalog::privilege::DefaultPrivileges;
use crate::catalog::privilege::Grantee;
use crate::catalog::schema::Schema;
use crate::catalog::table::Table;
use crate::catalog::types::Enum;
use crate::catalog::view::View;
use crate::fact::Fact;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::fact::Payload;
use crate::plan::Boundary;
use crate::plan::LockMode;

/// Facts of one side, put in as they come.
#[derive(Default)]
struct Maker(Vec<Fact>);

impl Maker {
    fn shop() -> Self {
        Self::default().fact(Kind::Schema, &["shop"], None, Schema {}, &[])
    }

    fn fact(
        mut self,
        kind: Kind,
        path: &[&str],
        parent: Option<FactId>,
        payload: impl Into<Payload>,
        needs: &[FactId],
    ) -> Self {
        let mut depends_on = needs.to_vec();
        depends_on.sort();
        self.0.push(Fact { id: FactId::new(kind, path.iter().copied()), parent, payload: payload.into(), depends_on });
        self
    }

    fn table(self, name: &str, columns: &[(&str, &str)]) -> Self {
        let table = Table {
            unlogged: false,
            partition_key: None,
            of_type: None,
            access_method: None,
            tablespace: None,
            options: Vec::new(),
            row_security: false,
            force_row_security: false,
            foreign: None,
        };
        let mut maker = self.fact(Kind::Table, &["shop", name], None, table, &[FactId::new(Kind::Schema, ["shop"])]);
        for (at, (column, data_type)) in columns.iter().enumerate() {
            maker = maker.column(name, column, data_type, i32::try_from(at).unwrap(), &[]);
        }
        maker
    }

    fn column(self, table: &str, name: &str, data_type: &str, position: i32, needs: &[FactId]) -> Self {
        let column = Column {
            position,
            data_type: data_type.to_owned(),
            not_null: false,
            collation: None,
            identity: None,
            generated: None,
            is_virtual: false,
            storage: None,
            type_storage: "PLAIN".to_owned(),
            compression: None,
            statistics: None,
            options: Vec::new(),
            foreign_options: Vec::new(),
            local: true,
            inherited: 0,
        };
        self.fact(Kind::Column, &["shop", table, name], Some(id(Kind::Table, table)), column, needs)
    }

    fn constraint(
        self,
        table: &str,
        name: &str,
        kind: ConstraintType,
        definition: &str,
        references: Option<&str>,
    ) -> Self {
        let constraint = Constraint {
            constraint_type: kind,
            definition: definition.to_owned(),
            validated: true,
            deferrable: false,
            deferred: false,
            columns: vec!["id".to_owned()],
            references: references.map(|table| vec!["shop".to_owned(), table.to_owned()]),
            referenced_columns: Vec::new(),
            of_domain: false,
            partitioned: false,
            local: true,
            inherited: 0,
            options: Vec::new(),
            tablespace: None,
        };
        let mut needs = vec![FactId::new(Kind::Column, ["shop", table, "id"])];
        needs.extend(references.map(|table| id(Kind::Table, table)));
        needs.extend(references.map(|table| FactId::new(Kind::Constraint, ["shop", table, "key"])));
        self.fact(Kind::Constraint, &["shop", table, name], Some(id(Kind::Table, table)), constraint, &needs)
    }

    fn view(self, name: &str, table: &str) -> Self {
        let view = View {
            query: format!(" SELECT {table}.id\n   FROM shop.{table}"),
            columns: vec![("id".to_owned(), "integer".to_owned())],
            options: Vec::new(),
        };
        let maker = self.fact(
            Kind::View,
            &["shop", name],
            None,
            view,
            &[FactId::new(Kind::Column, ["shop", table, "id"]), id(Kind::Table, table)],
        );
        let comment = Comment { text: "seen".to_owned(), address: format!("VIEW shop.{name}") };
        maker.fact(Kind::Comment, &["view", "shop", name], Some(id(Kind::View, name)), comment, &[])
    }

    fn catalog(self) -> Catalog {
        let mut facts = self.0;
        facts.sort_by(|a, b| a.id.cmp(&b.id));
        Catalog { server_version: 150_000, user: "me".to_owned(), facts, ..Catalog::default() }
    }
}

fn id(kind: Kind, name: &str) -> FactId {
    FactId::new(kind, ["shop", name])
}

fn statements(from: &Catalog, to: &Catalog) -> Vec<String> {
    let plan = diff(from, to, &DiffOptions::default()).unwrap();
    plan.actions.into_iter().map(|action| action.sql).collect()
}

/// Two tables with a key each that refer to each other.
fn cycle() -> Catalog {
    Maker::shop()
        .table("a", &[("id", "integer")])
        .table("b", &[("id", "integer")])
        .constraint("a", "key", ConstraintType::PrimaryKey, "PRIMARY KEY (id)", None)
        .constraint("b", "key", ConstraintType::PrimaryKey, "PRIMARY KEY (id)", None)
        .constraint("a", "to_b", ConstraintType::ForeignKey, "FOREIGN KEY (id) REFERENCES shop.b(id)", Some("b"))
        .constraint("b", "to_a", ConstraintType::ForeignKey, "FOREIGN KEY (id) REFERENCES shop.a(id)", Some("a"))
        .catalog()
}

#[test]
fn equal_sides_need_nothing() {
    let plan = diff(&cycle(), &cycle(), &DiffOptions::default()).unwrap();
    assert!(plan.is_empty() && plan.changes.is_empty());
}

#[test]
fn tables_that_refer_to_each_other_come_and_go() {
    let nothing = Maker::shop().catalog();
    let made = statements(&nothing, &cycle());
    assert_eq!(made.len(), 4, "{made:#?}");
    assert_eq!(made[0], "CREATE TABLE shop.a (\n    id integer,\n    CONSTRAINT key PRIMARY KEY (id)\n)");
    assert!(made[2].starts_with("ALTER TABLE shop.a ADD CONSTRAINT to_b FOREIGN KEY"), "{made:#?}");
    let dropped = statements(&cycle(), &nothing);
    let expected = [
        "ALTER TABLE shop.a DROP CONSTRAINT to_b",
        "ALTER TABLE shop.b DROP CONSTRAINT to_a",
        "DROP TABLE shop.a",
        "DROP TABLE shop.b",
    ];
    assert_eq!(dropped, expected);
}

#[test]
fn a_view_on_a_changed_column_is_made_again_with_its_comment() {
    let side = |data_type| Maker::shop().table("a", &[("id", data_type)]).view("v", "a").catalog();
    let plan = diff(&side("integer"), &side("bigint"), &DiffOptions::default()).unwrap();
    let sql: Vec<_> = plan.actions.iter().map(|action| action.sql.as_str()).collect();
    let expected = [
        "DROP VIEW shop.v",
        "ALTER TABLE shop.a ALTER COLUMN id TYPE bigint USING id::text::bigint",
        "CREATE VIEW shop.v AS\n SELECT a.id\n   FROM shop.a",
        "COMMENT ON VIEW shop.v IS 'seen'",
    ];
    assert_eq!(sql, expected);
    assert!(plan.actions[1].rewrite && plan.actions[1].lock.mode == LockMode::AccessExclusive);
    let changes: Vec<_> = plan.changes.iter().map(ToString::to_string).collect();
    assert_eq!(changes, ["~ column shop.a.id: type integer -> bigint"]);
}

#[test]
fn an_enum_that_loses_a_value_is_swapped_under_its_columns() {
    let side = |values: &[&str]| {
        let mood = Enum { values: values.iter().map(|value| (*value).to_owned()).collect() };
        let default = ColumnDefault { expression: "'good'::shop.mood".to_owned() };
        let column = FactId::new(Kind::Column, ["shop", "a", "mood"]);
        Maker::shop()
            .fact(Kind::Enum, &["shop", "mood"], None, mood, &[FactId::new(Kind::Schema, ["shop"])])
            .table("a", &[])
            .column("a", "mood", "shop.mood", 1, &[id(Kind::Enum, "mood")])
            .fact(Kind::Default, &["shop", "a", "mood"], Some(column), default, &[id(Kind::Enum, "mood")])
            .catalog()
    };
    let plan = diff(&side(&["good", "bad"]), &side(&["good"]), &DiffOptions::default()).unwrap();
    let sql: Vec<_> = plan.actions.iter().map(|action| action.sql.as_str()).collect();
    let expected = [
        "ALTER TABLE ONLY shop.a ALTER COLUMN mood DROP DEFAULT",
        "ALTER TYPE shop.mood RENAME TO mood__old",
        "CREATE TYPE shop.mood AS ENUM ('good')",
        "ALTER TABLE shop.a ALTER COLUMN mood TYPE shop.mood USING mood::text::shop.mood",
        "DROP TYPE shop.mood__old",
        "ALTER TABLE ONLY shop.a ALTER COLUMN mood SET DEFAULT 'good'::shop.mood",
    ];
    let (mut got, mut wanted) = (sql.clone(), expected.to_vec());
    got.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(got, wanted);
    let at = |text: &str| sql.iter().position(|sql| sql.starts_with(text)).unwrap();
    assert!(
        at("ALTER TYPE") < at("CREATE TYPE")
            && at("CREATE TYPE") < at(expected[3])
            && at(expected[3]) < at("DROP TYPE")
    );
    let decide = &plan.actions[at(expected[3])].decide;
    assert!(decide[0].contains("'bad'"), "{decide:?}");
    let grown = diff(&side(&["good"]), &side(&["bad", "good"]), &DiffOptions::default()).unwrap();
    assert_eq!(grown.actions[0].sql, "ALTER TYPE shop.mood ADD VALUE 'bad' BEFORE 'good'");
}

#[test]
fn renames_are_offered_and_done_when_they_are_asked_for() {
    let side = |name| {
        Maker::shop()
            .table(name, &[("id", "integer"), ("note", "text")])
            .constraint(name, "key", ConstraintType::PrimaryKey, "PRIMARY KEY (id)", None)
            .catalog()
    };
    let (from, to) = (side("orders"), side("sales"));
    let plan = diff(&from, &to, &DiffOptions::default()).unwrap();
    assert_eq!(plan.rename_candidates.len(), 1);
    assert!(plan.rename_candidates[0].unique && plan.rename_candidates[0].to == id(Kind::Table, "sales"));
    assert_eq!(plan.actions[0].loss.as_deref(), Some("drops table shop.orders"));
    let options = DiffOptions { renames: vec!["shop.orders=sales".parse().unwrap()], ..DiffOptions::default() };
    let plan = diff(&from, &to, &options).unwrap();
    let sql: Vec<_> = plan.actions.iter().map(|action| action.sql.as_str()).collect();
    assert_eq!(sql, ["ALTER TABLE shop.orders RENAME TO sales"]);
    let wrong = DiffOptions { renames: vec!["shop.nothing=sales".parse().unwrap()], ..DiffOptions::default() };
    assert!(matches!(diff(&from, &to, &wrong), Err(DiffError::Rename { .. })));
}

#[test]
fn online_forms_lock_less() {
    let side = |definition: Option<&str>| {
        let maker = Maker::shop().table("a", &[("id", "integer")]);
        match definition {
            None => maker.catalog(),
            Some(definition) => {
                let index = Index {
                    table: vec!["shop".to_owned(), "a".to_owned()],
                    definition: definition.to_owned(),
                    options: Vec::new(),
                    tablespace: None,
                    statistics: Vec::new(),
                    partitioned: false,
                    unique: false,
                    valid: true,
                };
                let column = FactId::new(Kind::Column, ["shop", "a", "id"]);
                maker.fact(Kind::Index, &["shop", "ix"], Some(id(Kind::Table, "a")), index, &[column]).catalog()
            }
        }
    };
    let online = DiffOptions { online: true, ..DiffOptions::default() };
    let first = side(Some("CREATE INDEX ix ON shop.a USING btree (id)"));
    let plan = diff(&side(None), &first, &online).unwrap();
    assert_eq!(plan.actions[0].sql, "CREATE INDEX CONCURRENTLY ix ON shop.a USING btree (id)");
    assert_eq!(plan.actions[0].boundary, Boundary::Alone);
    let plan = diff(&first, &side(Some("CREATE INDEX ix ON shop.a USING hash (id)")), &online).unwrap();
    let sql: Vec<_> = plan.actions.iter().map(|action| action.sql.as_str()).collect();
    let expected = [
        "CREATE INDEX CONCURRENTLY ix__new ON shop.a USING hash (id)",
        "DROP INDEX CONCURRENTLY shop.ix",
        "ALTER INDEX shop.ix__new RENAME TO ix",
    ];
    assert_eq!(sql, expected);
}

#[test]
fn not_null_on_a_column_that_exists_is_for_a_person_to_decide() {
    let side = |not_null| {
        let mut maker = Maker::shop().table("a", &[("id", "integer")]);
        if let Some(Payload::Column(column)) = maker.0.last_mut().map(|fact| &mut fact.payload) {
            column.not_null = not_null;
        }
        maker.catalog()
    };
    let plan = diff(&side(false), &side(true), &DiffOptions::default()).unwrap();
    let sql = "-- decide: what rows with NULL in shop.a.id get instead: this fails where there are any\nALTER TABLE shop.a ALTER COLUMN id SET NOT NULL;\n";
    assert_eq!(plan.to_sql(), sql);
    let online = DiffOptions { online: true, ..DiffOptions::default() };
    let plan = diff(&side(false), &side(true), &online).unwrap();
    let expected = [
        "ALTER TABLE shop.a ADD CONSTRAINT id__not_null CHECK (id IS NOT NULL) NOT VALID",
        "ALTER TABLE shop.a VALIDATE CONSTRAINT id__not_null",
        "ALTER TABLE shop.a ALTER COLUMN id SET NOT NULL",
        "ALTER TABLE shop.a DROP CONSTRAINT id__not_null",
    ];
    assert_eq!(plan.actions.iter().map(|action| action.sql.as_str()).collect::<Vec<_>>(), expected);
    assert_eq!(plan.actions[1].boundary, Boundary::CommitBefore);
    assert!(statements(&side(true), &side(false))[0].ends_with("DROP NOT NULL"));
}

#[test]
fn a_name_does_not_get_out_of_a_comment() {
    let name = "a\nDROP TABLE shop.b; --";
    let side = |not_null| {
        let mut maker = Maker::shop().table("a", &[]).column("a", name, "integer", 1, &[]);
        if let Some(Payload::Column(column)) = maker.0.last_mut().map(|fact| &mut fact.payload) {
            column.not_null = not_null;
        }
        maker
    };
    let plan = diff(&Maker::shop().table("a", &[]).catalog(), &side(true).catalog(), &DiffOptions::default()).unwrap();
    assert!(!plan.actions[0].decide.is_empty());
    let lines = [&plan.actions[0].decide[0], &plan.actions[0].object, &plan.changes[0].name];
    assert!(lines.iter().all(|line| !line.contains('\n')), "{lines:?}");
}

#[test]
fn what_default_privileges_give_is_taken_back() {
    let with_defaults = |maker: Maker| {
        let grants = [(Grantee::Role("app".to_owned()), [("SELECT".to_owned(), false)].into())].into();
        let defaults = DefaultPrivileges {
            role: "me".to_owned(),
            schema: Some("shop".to_owned()),
            objects: "TABLES".to_owned(),
            grants,
        };
        maker.fact(
            Kind::DefaultPrivileges,
            &["me", "shop", "TABLES"],
            None,
            defaults,
            &[FactId::new(Kind::Schema, ["shop"])],
        )
    };
    let from = with_defaults(Maker::shop()).catalog();
    let to = with_defaults(Maker::shop().table("a", &[("id", "integer")])).catalog();
    let sql = statements(&from, &to);
    assert_eq!(sql[1..], ["REVOKE SELECT ON TABLE shop.a FROM app"]);
}
