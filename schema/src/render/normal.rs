//! Text that PostgreSQL writes in two ways for the same meaning.

/// Whether two definitions mean the same: an array that is cast as a whole, or in each of its elements. Which of them
/// PostgreSQL writes changes once its own text was read back, e.g. by a restored dump.
pub(crate) fn same_sql(a: &str, b: &str) -> bool {
    a == b || a.contains("ARRAY[") && b.contains("ARRAY[") && elements(a) == elements(b)
}

/// The text with `(ARRAY[x, y])::type[]` as `ARRAY[(x)::type, (y)::type]`.
fn elements(text: &str) -> String {
    const START: &str = "(ARRAY[";
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(START) {
        let inside = &rest[start + START.len()..];
        match whole_cast(inside) {
            Some((items, data_type, length)) => {
                result.push_str(&rest[..start]);
                let items: Vec<_> = items.iter().map(|item| format!("({item})::{data_type}")).collect();
                result.push_str(&format!("ARRAY[{}]", items.join(", ")));
                rest = &inside[length..];
            }
            None => {
                result.push_str(&rest[..start + START.len()]);
                rest = inside;
            }
        }
    }
    result.push_str(rest);
    result
}

/// The elements and their type, of what follows `(ARRAY[`, and the length of that.
fn whole_cast(inside: &str) -> Option<(Vec<&str>, &str, usize)> {
    let (mut depth, mut quoted, mut start, mut items) = (0, false, 0, Vec::new());
    for (at, c) in inside.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            _ if quoted => {}
            ']' if depth == 0 => {
                items.push(inside[start..at].trim());
                let cast = inside[at..].strip_prefix("])::")?;
                let end = cast.find("[]")?;
                let data_type = &cast[..end];
                let plain = data_type.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ' ' | '.' | '"'));
                return plain.then_some((items, data_type, at + "])::".len() + end + 2));
            }
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                items.push(inside[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_casting_an_array_are_the_same() {
        let whole =
            "CHECK (((status)::text = ANY ((ARRAY['a,b'::character varying, 'it''s]'::character varying])::text[])))";
        let each = "CHECK (((status)::text = ANY (ARRAY[('a,b'::character varying)::text, ('it''s]'::character varying)::text])))";
        assert!(same_sql(whole, each));
        assert!(!same_sql(whole, &each.replace("a,b", "a")));
    }
}
