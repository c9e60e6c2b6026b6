#![expect(clippy::unwrap_used, reason = "tests")]

mod broken_graphs;
mod graphs;
mod places;
mod targets;

use super::testing::*;
use super::*;

fn list<'a>(revisions: impl IntoIterator<Item = &'a Revision>) -> String {
    revisions.into_iter().map(|revision| revision.id.as_str()).collect::<Vec<_>>().join(" ")
}
