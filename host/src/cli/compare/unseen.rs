//! What Alembic's autogenerate does not see: the schema engine compares the models of env.py, as SQLAlchemy would create them, with
//! what the revisions make, the new one included.

use host_schema::Change;
use host_schema::DiffOptions;
use host_schema::Sign;
use host_schema::load::Text;
use serde_json::json;

use super::ShadowArguments;
use super::Sides;
use super::with_shadows;
use crate::cli::failure::Failure;
use crate::cli::failure::with_causes;
use crate::cli::settings::Settings;
use crate::execute::RunError;
use crate::grant::Grant;
use crate::revision::RevisionId;
use crate::schema::SchemaError;
use crate::schema::migrations;
use crate::schema::texts;

/// What models of SQLAlchemy say of a table. Of what only the database has it is this that counts: views, triggers and tables
/// of others are in no models.
const OF_TABLES: [&str; 5] = ["column", "constraint", "index", "default", "comment"];

/// Tries the revisions that were written, if any, and says what is still different. `models` are the statements that make them. What
/// prevents that is a note: the revisions are written either way.
pub(in crate::cli) async fn tell(settings: &Settings, models: &[String], new: &[RevisionId]) {
    match found(settings, models, new).await {
        Ok(Found::Differences(changes)) if changes.is_empty() => {}
        Ok(Found::Differences(changes)) => told(settings, &changes, new),
        Ok(Found::Failed(why)) => settings.report().warn(
            &format!("tried on a shadow database, what Alembic wrote fails:\n{why}"),
            Some("correct the new file before it is applied; `host check` tries it again"),
        ),
        Err(failure) => {
            let why = failure.message();
            settings.report().note(&format!("the models and the revisions were not compared once more: {why}"));
        }
    }
}

/// What came of it.
enum Found {
    /// One of the new revisions does not run.
    Failed(String),
    /// What the models have and the revisions do not make.
    Differences(Vec<Change>),
}

async fn found(settings: &Settings, models: &[String], new: &[RevisionId]) -> Result<Found, Failure> {
    // With the revisions that were written.
    let project = settings.project()?;
    crate::cli::build::build_alembic(settings, &project)?;
    let sides = Sides::new(settings, Some(&project), &[])?;
    let options = sides.options()?;
    let heads: Vec<RevisionId> = project.graph().heads().into_iter().map(|head| head.id.clone()).collect();
    let place = settings.shadow_place(Some(&project), &ShadowArguments { shadow_url: None })?;
    let text = model_text(models, &Grant::of_asks(project.environment().grants))?;
    with_shadows(settings, place, async |shadows| {
        let database = match migrations::applied(shadows, &project, &heads, &options).await {
            Ok(database) => database,
            Err(SchemaError::Run { source }) if fails_in(&source, new) => {
                return Ok(Found::Failed(with_causes(&*source)));
            }
            Err(error) => return Err(error.into()),
        };
        let from = shadows.read(&database, &sides.of_shadows()).await?;
        let to = sides.of_texts(shadows, "the models".to_owned(), &[text]).await?;
        let plan = host_schema::diff(&from, &to.catalog, &DiffOptions::default()).map_err(SchemaError::from)?;
        // Without a statement to run, only the order of columns differs.
        let changes = if plan.is_empty() { Vec::new() } else { plan.changes };
        Ok(Found::Differences(changes.into_iter().filter(concerns_models).collect()))
    })
    .await
}

/// The statements of the models. They come out of the sandbox, so they may do on the server of the shadows what migrations may do.
fn model_text(models: &[String], grant: &Grant) -> Result<Text, Failure> {
    for statement in models {
        crate::sql::check(statement, grant).map_err(|refusal| {
            let first = statement.lines().next().unwrap_or_default();
            Failure::new(
                "models",
                format!("'{first}', which env.py gives: {}", refusal.message()),
                "see `grants` in host.toml",
            )
        })?;
    }
    // Behind a line break, because a statement may end with a comment.
    let text = models.iter().map(|statement| format!("{statement}\n;\n")).collect::<String>();
    Ok(texts::read("target_metadata", &text)?)
}

fn fails_in(error: &RunError, revisions: &[RevisionId]) -> bool {
    matches!(error, RunError::Step(failure) if revisions.contains(&failure.revision))
}

fn concerns_models(change: &Change) -> bool {
    change.sign != Sign::Removed || OF_TABLES.contains(&change.kind)
}

fn told(settings: &Settings, changes: &[Change], new: &[RevisionId]) {
    let report = settings.report();
    if report.is_json() {
        report.document(&json!({"event": "not-seen-by-alembic", "changes": changes}));
        return;
    }
    let lines: String = changes.iter().map(|change| format!("\n{change}")).collect();
    let hint =
        if new.is_empty() { "write it by hand: `host revision -m …`" } else { "add it to the new revision by hand" };
    report.warn(&format!("Alembic's autogenerate does not see these differences from the models:{lines}"), Some(hint));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::Classes;

    #[test]
    fn models_may_do_what_migrations_may() {
        let grant = Grant::of_asks(Classes::usual());
        let text = |statement: &str| model_text(&["CREATE TABLE a ()".to_owned(), statement.to_owned()], &grant);
        assert_eq!(text("COMMENT ON TABLE a IS ';' -- and").expect("statements").statements.len(), 2);
        for refused in [
            "DO $$BEGIN END$$",
            "CREATE TABLE b (); CREATE ROLE c",
            "COPY a TO PROGRAM 'sh'",
            "SET ROLE postgres",
            "ROLLBACK",
        ] {
            assert!(text(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn what_only_the_database_has_counts_where_models_could_say_it() {
        let change = |sign, kind| Change { sign, kind, name: "public.a".to_owned(), detail: String::new() };
        assert!(concerns_models(&change(Sign::Added, "table")));
        assert!(concerns_models(&change(Sign::Changed, "default")));
        assert!(concerns_models(&change(Sign::Removed, "constraint")));
        assert!(!concerns_models(&change(Sign::Removed, "table")));
        assert!(!concerns_models(&change(Sign::Removed, "trigger")));
    }
}
