//! Work on shadow databases that leaves none behind, however it ends.

use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;

use host_schema::shadow::Made;

use crate::cli::connecting::not_connected;
use crate::cli::failure::Failure;
use crate::cli::failure::INTERRUPTED;
use crate::cli::failure::TERMINATED;
use crate::cli::settings::Settings;
use crate::schema::SchemaError;
use crate::schema::Shadows;
use crate::schema::shadows::ShadowPlace;
use crate::schema::shadows::drop_made;

/// Does work with shadows. What it made is dropped afterwards: also when it fails, and when SIGINT or SIGTERM ends it.
pub(in crate::cli) async fn with_shadows<T>(
    settings: &Settings,
    place: ShadowPlace,
    work: impl AsyncFnOnce(&mut Shadows) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let made = Made::default();
    let (Ok(mut interrupts), Ok(mut terminations)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return Err(Failure::bug("cannot listen for signals"));
    };
    let whole = async {
        let mut shadows = Shadows::begin(place.clone(), made.clone()).await.map_err(|error| match error {
            SchemaError::Database(error) => not_connected(&error, &place.source),
            error => error.into(),
        })?;
        let result = work(&mut shadows).await;
        let ended = shadows.end().await;
        // What the work failed with is what is to be told.
        result.and_then(|done| ended.map(|()| done).map_err(Failure::from))
    };
    let code = tokio::select! {
        result = whole => return result,
        _ = interrupts.recv() => INTERRUPTED,
        _ = terminations.recv() => TERMINATED,
    };
    settings.report().progress("Interrupted: dropping the shadow databases; interrupt again to quit at once");
    let left = tokio::select! {
        dropped = drop_made(&place, made.clone()) => dropped.err().map(|error| error.to_string()),
        _ = interrupts.recv() => Some("it was interrupted again".to_owned()),
        _ = terminations.recv() => Some("it was terminated again".to_owned()),
    };
    if let Some(why) = left {
        let names = made.names().join(", ");
        settings.report().warn(
            &format!("the shadow databases {names} are still there: {why}"),
            Some("the next command that makes shadow databases there drops them"),
        );
    }
    Err(Failure::Command {
        kind: "interrupted",
        message: "interrupted; nothing was written".to_owned(),
        hint: None,
        code,
    })
}
