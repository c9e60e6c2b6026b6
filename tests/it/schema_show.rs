//! `host schema show`: the tables of a schema as a tree or as a picture.

use crate::harness::TestProject;
use crate::harness::assert_output;

const SHOP: &str = "\
CREATE SCHEMA statistics;
CREATE TABLE customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE);
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer bigint NOT NULL REFERENCES customers,
    parent bigint REFERENCES orders,
    total numeric(10, 2) NOT NULL
);
CREATE TABLE parts (customer bigint, number integer, PRIMARY KEY (customer, number));
CREATE TABLE notes (customer bigint, number integer, text text, FOREIGN KEY (customer, number) REFERENCES parts);
CREATE TABLE statistics.visits (at date NOT NULL, customer bigint REFERENCES customers) PARTITION BY RANGE (at);
CREATE TABLE statistics.visits_2026 PARTITION OF statistics.visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE VIEW last_orders AS SELECT customer, max(id) AS id FROM orders GROUP BY customer;
";

#[test]
fn the_tables_of_the_database_are_a_tree() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "head"]).success();
    project.database.query(SHOP);
    assert_output!(project.host(&["schema", "show", "--exclude", "public.table_*"]).success());
}

#[test]
fn files_need_no_project_and_every_form_is_there() {
    let project = TestProject::new();
    project.write("shop.sql", SHOP);
    for format in ["mermaid", "dot", "svg"] {
        let shown = project.host(&["schema", "show", "shop.sql", "--format", format]).success();
        assert!(shown.stdout.contains("statistics.visits"), "{format}: {}", shown.stdout);
        assert!(!shown.stdout.contains("visits_2026") && !shown.stdout.contains("last_orders"), "{}", shown.stdout);
    }
    let document = project.host(&["--json", "schema", "show", "shop.sql"]).success().json();
    assert_eq!(document["references"].as_array().map(Vec::len), Some(4), "{document}");
    assert_eq!(document["tables"][0]["columns"][0]["primary"], true, "{document}");
}

#[test]
fn a_revision_is_shown_as_its_migrations_make_it() {
    let project = TestProject::with_three_tables();
    let shown = project.host(&["schema", "show", "migrations@b"]).success();
    assert!(shown.stdout.contains("table_b") && !shown.stdout.contains("table_c"), "{}", shown.stdout);
}

#[test]
fn a_database_without_tables_says_so() {
    let project = TestProject::new();
    let shown = project.host(&["schema", "show"]).success();
    assert_eq!(shown.stdout, "");
    assert!(shown.stderr.contains("has no tables"), "{}", shown.stderr);
}
