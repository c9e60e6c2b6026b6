//! An application that migrates its own database at start-up. See README.md.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "an application prints and reads its environment")]

use std::error::Error;

use host::Direction;
use host::Event;
use host::GuestEvent;
use host::Options;
use host::Project;
use host::Runner;
use host::cap_std::ambient_authority;
use host::cap_std::fs::Dir;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let url = std::env::var("DATABASE_URL")?;

    let project = Project::open(Dir::open_ambient_dir(folder, ambient_authority())?, "default")?;
    let database = project.connect(&url).await?;
    let mut runner = Runner::new(&project, database, Options::default());

    let plan = runner.plan(Direction::Upgrade, "head").await?;
    println!("{} step(s) to do", plan.steps.len());

    // Several replicas may start at once: one of them migrates, the others wait for it and then have nothing to do.
    let mut watch = |event: Event| match event {
        Event::StepStarted { revision, message, .. } => println!("{revision}: {message}"),
        Event::Guest { event: GuestEvent::Log { message, .. }, .. } => println!("  {}", message.escape_debug()),
        Event::Waiting { holder, .. } => println!("waiting for {holder}"),
        _ => {}
    };
    runner.run(Direction::Upgrade, "head", &mut watch).await?;
    runner.close().await;

    println!("the database is up to date; the application would begin to serve now");
    Ok(())
}
