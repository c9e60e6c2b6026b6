//! Where a name ends and the next one begins. Pure, and a guess: names know no rules.

/// The parts of a name.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Name {
    pub title: Option<String>,
    pub given: Option<String>,
    pub family: Option<String>,
}

const TITLES: [&str; 16] =
    ["dr", "prof", "mr", "mrs", "ms", "miss", "herr", "frau", "mme", "mlle", "sig", "sra", "dña", "don", "sir", "lady"];

/// Words that begin a family name.
const PARTICLES: [&str; 34] = [
    "af", "al", "bin", "da", "dal", "de", "degli", "del", "della", "den", "der", "di", "do", "dos", "du", "el", "het",
    "ibn", "la", "las", "le", "los", "op", "san", "st", "ten", "ter", "van", "vom", "von", "zu", "zum", "zur", "’t",
];

/// Words that end a family name.
const SUFFIXES: [&str; 6] = ["jr", "sr", "ii", "iii", "iv", "v"];

impl Name {
    pub fn split(full: &str) -> Self {
        let full = full.replace('\'', "’");
        let (title, words) = without_titles(full.split_whitespace().collect());
        let (given, family) = match comma(&words) {
            Some(parts) => parts,
            None => {
                let (begin, end) = family_part(&words);
                let given = [&words[..begin], &words[end..]].concat();
                (given, words[begin..end].to_vec())
            }
        };
        let text = |words: Vec<&str>| (!words.is_empty()).then(|| words.join(" ").replace('’', "'"));
        Self { title: text(title), given: text(given), family: text(family) }
    }
}

fn without_titles(words: Vec<&str>) -> (Vec<&str>, Vec<&str>) {
    let titles = words.iter().take_while(|word| contains(&TITLES, word)).count();
    // Somebody may well be called just "Don".
    if titles == words.len() { (Vec::new(), words) } else { (words[..titles].to_vec(), words[titles..].to_vec()) }
}

/// `Dupont, Élodie`: the family name stands first. In `King, Jr.` the comma means nothing.
fn comma<'a>(words: &[&'a str]) -> Option<(Vec<&'a str>, Vec<&'a str>)> {
    let place = words.iter().position(|word| word.ends_with(','))?;
    let (family, given) = words.split_at(place + 1);
    if given.is_empty() || given.iter().all(|word| contains(&SUFFIXES, word)) {
        return None;
    }
    let mut family = family.to_vec();
    if let Some(last) = family.last_mut() {
        *last = last.trim_end_matches(',');
    }
    Some((given.to_vec(), family))
}

/// From which word to which the family name goes; nothing for a single word.
fn family_part(words: &[&str]) -> (usize, usize) {
    let count = words.len();
    if count < 2 {
        return (count, count);
    }
    // `TANAKA Yuki`, `Yuki TANAKA`: capitals mark the family name, unless everything is written in them.
    if let Some(begin) = words.iter().position(|word| is_capitals(word)) {
        let end = begin + words[begin..].iter().take_while(|word| is_capitals(word)).count();
        if end - begin < count && !contains(&SUFFIXES, words[begin]) {
            return (begin, end);
        }
    }
    // `Anna von der Leyden`, `Élodie d'Artagnan`: from the first particle on, but somebody has a given name.
    let particle = words.iter().skip(1).position(|word| contains(&PARTICLES, word) || has_elided_particle(word));
    if let Some(place) = particle.filter(|place| place + 2 < count || has_elided_particle(words[place + 1])) {
        return (place + 1, count);
    }
    // `Martin King Jr.`
    let suffixes = words.iter().rev().take_while(|word| contains(&SUFFIXES, word)).count();
    (count.saturating_sub(suffixes + 1).max(1), count)
}

/// `d'Artagnan`, `dell'Acqua`; not `O'Connor`, which is one word anyway.
fn has_elided_particle(word: &str) -> bool {
    word.split_once('’').is_some_and(|(before, after)| {
        !after.is_empty() && ["d", "dell", "dall", "l"].contains(&before.to_lowercase().as_str())
    })
}

fn is_capitals(word: &str) -> bool {
    word.chars().filter(|letter| letter.is_alphabetic()).count() > 1
        && word.chars().all(|letter| !letter.is_alphabetic() || letter.is_uppercase())
}

fn contains(list: &[&str], word: &str) -> bool {
    let word = word.trim_end_matches(['.', ',']).to_lowercase();
    list.contains(&word.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_where_people_would() {
        let table = [
            ("Anna Müller", "", "Anna", "Müller"),
            ("  Fatou   Diallo ", "", "Fatou", "Diallo"),
            ("Hans-Peter von der Leyden", "", "Hans-Peter", "von der Leyden"),
            ("Dr. Robert Van Dyke", "Dr.", "Robert", "Van Dyke"),
            ("Prof. Dr. Ingrid Weiß", "Prof. Dr.", "Ingrid", "Weiß"),
            ("Élodie d'Artagnan", "", "Élodie", "d'Artagnan"),
            ("Siobhán O'Connor", "", "Siobhán", "O'Connor"),
            ("Gian Luca dell'Acqua", "", "Gian Luca", "dell'Acqua"),
            ("Willem 't Hart", "", "Willem", "'t Hart"),
            ("Mohammed El Idrissi", "", "Mohammed", "El Idrissi"),
            ("José María del Río", "", "José María", "del Río"),
            ("Mary Jane Shah", "", "Mary Jane", "Shah"),
            ("TANAKA Yuki", "", "Yuki", "TANAKA"),
            ("Yuki SATŌ", "", "Yuki", "SATŌ"),
            ("JOHN SMITH", "", "JOHN", "SMITH"),
            ("Martin King Jr.", "", "Martin", "King Jr."),
            ("Robert Miller III", "", "Robert", "Miller III"),
            ("Martin King, Jr.", "", "Martin", "King, Jr."),
            ("Patel, Alistair", "", "Alistair", "Patel"),
            ("de la Cruz, José María", "", "José María", "de la Cruz"),
            ("King Jr., Martin", "", "Martin", "King Jr."),
            ("Chloé", "", "Chloé", ""),
            ("Don", "", "Don", ""),
            ("Van Morrison", "", "Van", "Morrison"),
            ("Billy Van", "", "Billy", "Van"),
            ("", "", "", ""),
        ];
        let part = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        for (full, title, given, family) in table {
            let expected = Name { title: part(title), given: part(given), family: part(family) };
            assert_eq!(Name::split(full), expected, "{full}");
        }
    }
}
