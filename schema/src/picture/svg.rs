//! A picture for browsers, laid out here, so that no other program is needed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Column;
use super::Picture;
use super::Table;
use super::dot::escaped;
use super::layout::layers;

// All in pixels. The letters are of one width, so that the width of a text is known without measuring it.
const LETTER: usize = 8;
const LINE: usize = 20;
const HEAD: usize = 26;
const PADDING: usize = 10;
const BETWEEN_LAYERS: usize = 90;
const BETWEEN_TABLES: usize = 28;
const MARGIN: usize = 24;

/// Where a table stands.
struct Area {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

/// The text of an SVG document. Foreign keys are lines from their columns to the columns that they refer to.
#[must_use]
pub fn svg(picture: &Picture) -> String {
    let areas = areas(picture);
    let width = areas.values().map(|area| area.x + area.width).max().unwrap_or(0) + MARGIN;
    let height = areas.values().map(|area| area.y + area.height).max().unwrap_or(0) + MARGIN;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"13\">\n{STYLE}"
    );
    for reference in &picture.references {
        let line = line(picture, &areas, reference);
        let _ = writeln!(text, "<path class=\"key\" d=\"{line}\"><title>{}</title></path>", escaped(&reference.name));
    }
    for (place, table) in picture.drawn() {
        if let Some(area) = areas.get(&place) {
            draw(&mut text, picture, table, area);
        }
    }
    text.push_str("</svg>\n");
    text
}

const STYLE: &str = "<style>\n\
    rect { fill: #fff; stroke: #8894a4; }\n\
    .head { fill: #e8edf3; }\n\
    text { fill: #1c2733; }\n\
    .name { font-weight: 600; }\n\
    .primary { text-decoration: underline; }\n\
    .type { fill: #5b6675; }\n\
    .key { fill: none; stroke: #5b6675; marker-start: url(#many); marker-end: url(#one); }\n\
    .mark { fill: none; stroke: #5b6675; }\n\
    @media (prefers-color-scheme: dark) {\n\
    svg { background: #14191f; } rect { fill: #1c2430; } .head { fill: #2a3546; } text { fill: #e5ebf2; } .type { fill: #9fb0c3; }\n\
    }\n\
    </style>\n\
    <defs>\n\
    <marker id=\"many\" viewBox=\"0 0 10 10\" refX=\"0\" refY=\"5\" markerWidth=\"10\" markerHeight=\"10\" orient=\"auto\">\
    <path class=\"mark\" d=\"M0 0 L10 5 L0 10\"/></marker>\n\
    <marker id=\"one\" viewBox=\"0 0 10 10\" refX=\"10\" refY=\"5\" markerWidth=\"10\" markerHeight=\"10\" orient=\"auto\">\
    <path class=\"mark\" d=\"M5 0 L5 10\"/></marker>\n\
    </defs>\n";

fn areas(picture: &Picture) -> BTreeMap<usize, Area> {
    let (mut areas, mut x) = (BTreeMap::new(), MARGIN);
    for layer in layers(picture) {
        let (mut y, mut widest) = (MARGIN, 0);
        for place in layer {
            let Some(table) = picture.tables.get(place) else { continue };
            let (width, height) = (width(picture, table), HEAD + LINE * table.columns.len() + PADDING / 2);
            areas.insert(place, Area { x, y, width, height });
            y += height + BETWEEN_TABLES;
            widest = widest.max(width);
        }
        if widest > 0 {
            x += widest + BETWEEN_LAYERS;
        }
    }
    areas
}

fn letters(text: &str) -> usize {
    text.chars().count()
}

fn name_width(table: &Table) -> usize {
    table.columns.iter().map(|column| letters(&column.name)).max().unwrap_or(0)
}

fn width(picture: &Picture, table: &Table) -> usize {
    let types = table.columns.iter().map(|column| letters(&type_of(column))).max().unwrap_or(0);
    let columns = name_width(table) + 2 + types;
    columns.max(letters(&picture.label(&table.schema, &table.name))) * LETTER + 2 * PADDING
}

/// A column that can be NULL has a question mark.
fn type_of(column: &Column) -> String {
    if column.not_null { column.data_type.clone() } else { format!("{}?", column.data_type) }
}

fn draw(text: &mut String, picture: &Picture, table: &Table, area: &Area) {
    let Area { x, y, width, height } = area;
    let left = x + PADDING;
    let label = escaped(&picture.label(&table.schema, &table.name));
    let _ = writeln!(text, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"3\"/>");
    let _ = writeln!(text, "<rect class=\"head\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{HEAD}\" rx=\"3\"/>");
    let _ = writeln!(text, "<text class=\"name\" x=\"{left}\" y=\"{}\">{label}</text>", y + 18);
    let types = left + (name_width(table) + 2) * LETTER;
    for (place, column) in table.columns.iter().enumerate() {
        let base = y + HEAD + LINE * place + 15;
        let class = if column.primary { " class=\"primary\"" } else { "" };
        let _ = writeln!(text, "<text{class} x=\"{left}\" y=\"{base}\">{}</text>", escaped(&column.name));
        let _ = writeln!(text, "<text class=\"type\" x=\"{types}\" y=\"{base}\">{}</text>", escaped(&type_of(column)));
    }
}

/// A curve from the left of the first column to the right of the one that it refers to; inside of one layer, on the right of both.
fn line(picture: &Picture, areas: &BTreeMap<usize, Area>, reference: &super::Reference) -> String {
    let end = |table: &(String, String), columns: &[String]| {
        let place = picture.place(&table.0, &table.1)?;
        let (area, table) = (areas.get(&place)?, picture.tables.get(place)?);
        let column = table.columns.iter().position(|column| Some(&column.name) == columns.first());
        Some((area, area.y + column.map_or(HEAD / 2, |column| HEAD + LINE * column + LINE / 2)))
    };
    let (Some((from, from_y)), Some((to, to_y))) =
        (end(&reference.from, &reference.columns), end(&reference.to, &reference.to_columns))
    else {
        return String::new();
    };
    let (right, other_right) = (from.x + from.width, to.x + to.width);
    if from.x > other_right {
        let bend = (from.x - other_right) / 2;
        format!("M{} {from_y} C{} {from_y} {} {to_y} {other_right} {to_y}", from.x, from.x - bend, other_right + bend)
    } else if right < to.x {
        let bend = (to.x - right) / 2;
        format!("M{right} {from_y} C{} {from_y} {} {to_y} {} {to_y}", right + bend, to.x - bend, to.x)
    } else {
        let bend = right.max(other_right) + BETWEEN_LAYERS / 2;
        format!("M{right} {from_y} C{bend} {from_y} {bend} {to_y} {other_right} {to_y}")
    }
}
