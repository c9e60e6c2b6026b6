//! Where tables stand: in layers, so that foreign keys lead from right to left, and in each layer near what they refer to.

use std::collections::BTreeMap;

use super::Picture;

/// How many tables stand above each other in a layer at most, before another column of the picture begins.
const LAYER_MAX: usize = 12;

/// How often the order in the layers is improved.
const ROUNDS: usize = 8;

/// The places of tables, by layer from left to right, each from top to bottom. The numbers are those of `picture.tables`.
pub(super) fn layers(picture: &Picture) -> Vec<Vec<usize>> {
    let edges = edges(picture);
    let depths = depths(picture.tables.len(), &edges);
    let mut is_connected = vec![false; picture.tables.len()];
    for &(from, to) in &edges {
        is_connected[from] = true;
        is_connected[to] = true;
    }
    let mut by_depth: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut alone = Vec::new();
    for (table, _) in picture.drawn() {
        if is_connected[table] {
            by_depth.entry(depths[table]).or_default().push(table);
        } else {
            alone.push(table);
        }
    }
    let mut layers: Vec<Vec<usize>> = by_depth.into_values().collect();
    improve(&mut layers, &edges, picture.tables.len());
    // What has no foreign keys stands behind the rest.
    layers.push(alone);
    layers.iter().flat_map(|layer| layer.chunks(LAYER_MAX)).map(<[usize]>::to_vec).collect()
}

/// Foreign keys between different tables of the picture, as (from, to).
fn edges(picture: &Picture) -> Vec<(usize, usize)> {
    let place: BTreeMap<(&str, &str), usize> = picture
        .tables
        .iter()
        .enumerate()
        .map(|(place, table)| ((table.schema.as_str(), table.name.as_str()), place))
        .collect();
    let find = |table: &(String, String)| place.get(&(table.0.as_str(), table.1.as_str())).copied();
    let edge = |reference: &super::Reference| Some((find(&reference.from)?, find(&reference.to)?));
    picture.references.iter().filter_map(edge).filter(|(from, to)| from != to).collect()
}

/// The longest way from each table to one that refers to nothing. Edges that would close a circle do not count.
fn depths(tables: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut targets = vec![Vec::new(); tables];
    for &(from, to) in edges {
        targets[from].push(to);
    }
    let (mut states, mut depths) = (vec![State::New; tables], vec![0; tables]);
    for start in 0..tables {
        if states[start] != State::New {
            continue;
        }
        states[start] = State::Open;
        // Each with the place of the target that comes next. A stack of its own: chains may be long.
        let mut open = vec![(start, 0)];
        while let Some(&(table, next)) = open.last() {
            if let Some(&target) = targets[table].get(next) {
                if let Some(top) = open.last_mut() {
                    top.1 += 1;
                }
                match states[target] {
                    State::New => {
                        states[target] = State::Open;
                        open.push((target, 0));
                    }
                    State::Done => depths[table] = depths[table].max(depths[target] + 1),
                    State::Open => {}
                }
            } else {
                states[table] = State::Done;
                open.pop();
                if let Some(&(above, _)) = open.last() {
                    depths[above] = depths[above].max(depths[table] + 1);
                }
            }
        }
    }
    depths
}

/// Puts each table at the mean height of its neighbours in the layers beside it, some times in both directions (the barycentre
/// method of Sugiyama, Tagawa and Toda, 1981).
fn improve(layers: &mut [Vec<usize>], edges: &[(usize, usize)], tables: usize) {
    let mut neighbours = vec![Vec::new(); tables];
    for &(from, to) in edges {
        neighbours[from].push(to);
        neighbours[to].push(from);
    }
    let mut heights = vec![0.0_f64; tables];
    for layer in layers.iter() {
        set_heights(layer, &mut heights);
    }
    for _ in 0..ROUNDS {
        for layer in layers.iter_mut() {
            let mean = |table: usize| -> f64 {
                let all = &neighbours[table];
                let sum: f64 = all.iter().map(|&other| heights[other]).sum();
                #[expect(clippy::cast_precision_loss, reason = "a number of tables")]
                let count = all.len().max(1) as f64;
                sum / count
            };
            let mut ordered: Vec<(f64, usize)> = layer.iter().map(|&table| (mean(table), table)).collect();
            ordered.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
            *layer = ordered.into_iter().map(|(_, table)| table).collect();
            set_heights(layer, &mut heights);
        }
    }
}

fn set_heights(layer: &[usize], heights: &mut [f64]) {
    #[expect(clippy::cast_precision_loss, reason = "a number of tables")]
    for (place, &table) in layer.iter().enumerate() {
        heights[table] = (place as f64 + 0.5) / layer.len() as f64;
    }
}
