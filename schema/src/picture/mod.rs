//! Pictures of a schema: its tables with their columns and foreign keys.
//!
//! [`Picture::of`] takes from a catalog what is drawn; each form of drawing is a file: [`tree`] for a terminal, [`mermaid`] for
//! Markdown, [`dot`] for Graphviz, [`svg`] for browsers, which lays the tables out itself.

mod dot;
mod facts;
mod layout;
mod mermaid;
mod model;
mod svg;
mod tree;

pub use dot::dot;
pub use mermaid::mermaid;
pub use model::Column;
pub use model::Picture;
pub use model::Reference;
pub use model::Table;
pub use svg::svg;
pub use tree::tree;

#[cfg(test)]
mod tests;
