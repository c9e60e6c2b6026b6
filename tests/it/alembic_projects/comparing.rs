//! The schema engine on projects of Alembic: their revisions run on shadow databases like any other migrations.

use super::two_revisions;
use super::with_runtime;

#[test]
fn revisions_are_compared_with_models_and_with_the_database() {
    let project = with_runtime();
    two_revisions(&project);
    project.host(&["init", "--from-alembic"]).success();
    project.write("schema/guests.sql", "CREATE TABLE guests (id serial PRIMARY KEY, name text);\n");
    let toml = std::fs::read_to_string(project.path("host.toml")).expect("host.toml");
    project.write("host.toml", &format!("{toml}\n[default.schema]\nfiles = [\"schema/*.sql\"]\n"));
    project.host(&["upgrade", "head"]).success();
    project.host(&["check"]).success();
    project.host(&["drift"]).success();
    project.host(&["verify"]).success();

    project.write("schema/guests.sql", "CREATE TABLE guests (id serial PRIMARY KEY, name text, phone text);\n");
    let checked = project.host(&["check"]).with_code(3);
    assert!(checked.stdout.contains("+ column public.guests.phone"), "{}", checked.stdout);
    project.database.query("CREATE INDEX by_hand ON guests (name)");
    let drifted = project.host(&["drift"]).with_code(3);
    assert!(drifted.stdout.contains("+ index public.by_hand"), "{}", drifted.stdout);
}
