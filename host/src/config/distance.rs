//! How far two words are from each other, to propose what was meant.

/// How many characters have to be put in, taken out or changed to make one word of another (Levenshtein).
pub(super) fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for character in one.chars() {
        let mut diagonal = row[0];
        row[0] += 1;
        for (index, target) in other.iter().enumerate() {
            let changed = diagonal + usize::from(character != *target);
            diagonal = row[index + 1];
            row[index + 1] = changed.min(row[index] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (one, other, expected) in
            [("", "", 0), ("", "ab", 2), ("kitten", "sitting", 3), ("ä", "a", 1), ("ab", "ba", 2)]
        {
            assert_eq!(distance(one, other), expected);
            assert_eq!(distance(other, one), expected);
        }
    }
}
