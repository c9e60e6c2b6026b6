//! A new revision file: its name by `file_template`, its text by the project's `script.py.mako` where that is one of the usual
//! kind, and otherwise by host's own.

/// Host's own template. It says nothing that Alembic's own do not say.
pub const OWN_TEMPLATE: &str = include_str!("script.py.mako");

/// What the name of a new file is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileName<'a> {
    /// The id.
    pub rev: &'a str,
    /// The message.
    pub message: &'a str,
    /// How long its slug may be, in characters.
    pub slug_characters: usize,
    /// Seconds since 1970.
    pub epoch: i64,
    /// Year, month, day, hour, minute, second.
    pub time: [i64; 6],
}

/// What a new file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewRevisionFile<'a> {
    /// The id.
    pub revision: &'a str,
    /// The parents.
    pub down_revision: &'a [String],
    /// Names of the branch that begins with it.
    pub branch_labels: &'a [String],
    /// What has to be there first.
    pub depends_on: &'a [String],
    /// What it does, in a few words.
    pub message: &'a str,
    /// When it was made, as text.
    pub create_date: &'a str,
    /// Lines of imports that its body needs.
    pub imports: &'a str,
    /// The body of `upgrade`, without its indentation in the first line.
    pub upgrades: &'a str,
    /// The same of `downgrade`.
    pub downgrades: &'a str,
}

impl FileName<'_> {
    /// The name by a template of Python's `%`, with `.py`; none where the template asks for something else.
    pub fn formatted(&self, template: &str) -> Option<String> {
        let slug = self.slug();
        let [year, month, day, hour, minute, second] = self.time;
        let mut name = String::new();
        let mut rest = template;
        while let Some(at) = rest.find('%') {
            name.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(behind) = rest.strip_prefix('%') {
                name.push('%');
                rest = behind;
                continue;
            }
            let (token, behind) = rest.strip_prefix('(')?.split_once(')')?;
            let end = behind.find(['s', 'd'])?;
            let digits = behind[..end].trim_start_matches(['.', '0']);
            let width: usize = if digits.is_empty() { 0 } else { digits.parse().ok().filter(|width| *width < 100)? };
            let number = match token {
                "epoch" => Some(self.epoch),
                "year" => Some(year),
                "month" => Some(month),
                "day" => Some(day),
                "hour" => Some(hour),
                "minute" => Some(minute),
                "second" => Some(second),
                _ => None,
            };
            match (token, number) {
                (_, Some(number)) => name.push_str(&format!("{number:0width$}")),
                ("rev", _) => name.push_str(self.rev),
                ("slug", _) => name.push_str(&slug),
                _ => return None,
            }
            rest = &behind[end + 1..];
        }
        name.push_str(rest);
        Some(format!("{name}.py"))
    }

    /// The words of the message, as Alembic joins and cuts them.
    fn slug(&self) -> String {
        let words =
            self.message.split(|one: char| !one.is_alphanumeric() && one != '_').filter(|word| !word.is_empty());
        let slug = words.collect::<Vec<_>>().join("_").to_lowercase();
        if slug.chars().count() <= self.slug_characters {
            return slug;
        }
        let cut: String = slug.chars().take(self.slug_characters).collect();
        format!("{}_", cut.rsplit_once('_').map_or(cut.as_str(), |(before, _)| before))
    }
}

/// The text of a new file, and whether it is that of the project's template.
pub fn new_file(template: Option<&str>, new: &NewRevisionFile<'_>) -> (String, bool) {
    match template.and_then(|template| rendered(template, new)) {
        Some(text) => (text, true),
        None => (rendered(OWN_TEMPLATE, new).unwrap_or_default(), false),
    }
}

/// A template of Mako with nothing but the expressions that Alembic's own templates have; none where it has others.
fn rendered(template: &str, new: &NewRevisionFile<'_>) -> Option<String> {
    let control = |line: &str| line.trim_start().starts_with('%') && !line.trim_start().starts_with("%%");
    if template.contains("<%") || template.lines().any(control) {
        return None;
    }
    let mut text = String::new();
    for line in template.split_inclusive('\n').filter(|line| !line.trim_start().starts_with("##")) {
        // A backslash at its end joins a line with the next one.
        let mut rest = line.strip_suffix("\\\n").unwrap_or(line);
        while let Some((before, behind)) = rest.split_once("${") {
            text.push_str(before);
            let (expression, behind) = behind.split_once('}')?;
            text.push_str(&value(expression, new)?);
            rest = behind;
        }
        text.push_str(rest);
    }
    Some(text)
}

/// The value of an expression.
fn value(expression: &str, new: &NewRevisionFile<'_>) -> Option<String> {
    let expression: String =
        expression.split_whitespace().collect::<Vec<_>>().join(" ").replace(" ,", ",").replace(", ", ",");
    let or = |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
    let scalar = |texts: &[String]| match texts {
        [] => "None".to_owned(),
        [one] => quoted(one),
        several => tuple(several),
    };
    Some(match expression.as_str() {
        "message" => new.message.replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\""),
        "up_revision" => new.revision.to_owned(),
        "down_revision | comma,n" | "down_revision | comma" | "down_revision | n,comma" => new.down_revision.join(", "),
        "create_date" => new.create_date.to_owned(),
        "imports if imports else \"\"" | "imports if imports else ''" => new.imports.to_owned(),
        "repr(up_revision)" => quoted(new.revision),
        "repr(down_revision)" => scalar(new.down_revision),
        "repr(branch_labels)" if new.branch_labels.is_empty() => "None".to_owned(),
        "repr(branch_labels)" => tuple(new.branch_labels),
        "repr(depends_on)" => scalar(new.depends_on),
        "upgrades if upgrades else \"pass\"" | "upgrades if upgrades else 'pass'" => or(new.upgrades, "pass"),
        "downgrades if downgrades else \"pass\"" | "downgrades if downgrades else 'pass'" => or(new.downgrades, "pass"),
        _ => return None,
    })
}

/// A text as Python writes it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("'");
    for character in text.chars() {
        match character {
            '\'' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            // A line ends with each of them, and Python takes no NUL in a file.
            '\r' | '\0' => quoted.push_str(&format!("\\x{:02x}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('\'');
    quoted
}

fn tuple(texts: &[String]) -> String {
    let all: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
    match all.as_slice() {
        [one] => format!("({one},)"),
        all => format!("({})", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: FileName<'_> = FileName {
        rev: "ae10",
        message: "Add the Größe, as far as it goes; for guests",
        slug_characters: 20,
        epoch: 1_800_000_000,
        time: [2027, 1, 5, 8, 0, 9],
    };

    #[test]
    fn a_name_is_made_as_alembic_makes_it() {
        for (template, name) in [
            ("%(rev)s_%(slug)s", Some("ae10_add_the_größe_as_.py")),
            ("%(year)d_%(month).2d_%(day).2d_%(hour).2d%(minute)02d-%(rev)s", Some("2027_01_05_0800-ae10.py")),
            ("%(year)d/%(second)d_%(epoch)s%%", Some("2027/9_1800000000%.py")),
            ("%(author)s", None),
            ("%(rev)", None),
            ("100%", None),
        ] {
            assert_eq!(NAME.formatted(template).as_deref(), name, "{template}");
        }
    }

    const NEW: NewRevisionFile<'_> = NewRevisionFile {
        revision: "b",
        down_revision: &[],
        branch_labels: &[],
        depends_on: &[],
        message: "it's \\ \"\"\"",
        create_date: "2027-01-05 08:00:09+00:00",
        imports: "",
        upgrades: "",
        downgrades: "",
    };

    #[test]
    fn the_usual_templates_are_filled_in() {
        let (text, is_own) = new_file(
            Some(
                "\"\"\"${message}\n\nRevises: ${down_revision | comma,n}\n\"\"\"\n## gone\nrevision = ${repr(up_revision)}\ndown_revision: str = ${repr(down_revision)}\n${imports if imports else \"\"}\ndef upgrade():\n    ${upgrades if upgrades else \"pass\"}\n",
            ),
            &NEW,
        );
        assert!(is_own);
        assert_eq!(
            text,
            "\"\"\"it's \\\\ \\\"\\\"\\\"\n\nRevises: \n\"\"\"\nrevision = 'b'\ndown_revision: str = None\n\ndef upgrade():\n    pass\n"
        );
        let [a, c] = ["a", "c'"].map(str::to_owned);
        let merge = NewRevisionFile {
            down_revision: &[a.clone(), c],
            branch_labels: std::slice::from_ref(&a),
            depends_on: std::slice::from_ref(&a),
            ..NEW
        };
        let (text, is_own) = new_file(None, &merge);
        assert!(!is_own);
        for line in ["Revises: a, c'", "= ('a', 'c\\'')", "= ('a',)", "= 'a'", "Create Date: 2027-01-05 08:00:09+00:00"]
        {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    #[test]
    fn other_templates_give_way_to_the_own_one() {
        for template in
            ["<%! import os %>", "% if imports:\nx\n% endif\n", "${config.get_main_option('x')}", "${message"]
        {
            let (text, is_theirs) = new_file(Some(template), &NEW);
            assert!(!is_theirs && text.contains("revision: str = 'b'"), "{template}");
        }
    }
}
