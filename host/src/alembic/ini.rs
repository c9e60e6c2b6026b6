//! The format of `alembic.ini`, read as Python's `configparser` reads it: sections, keys with `=` or `:`, continuation lines,
//! whole lines as comments, a section `DEFAULT` behind all others, and `%(name)s`.

use std::collections::BTreeMap;

/// The section whose keys every other section has, too.
const DEFAULT: &str = "DEFAULT";

/// How many times a value may lead to another one (configparser's own limit).
const DEPTH_MAX: usize = 10;

/// How many sections and keys a file may have: many times what people write, and few enough to be looked through one by one.
const ENTRIES_MAX: usize = 1_000;

/// How many names may be put into one value, those in what is put in included.
const NAMES_MAX: usize = 10_000;

/// How long a value may become by what is put into it, in bytes. A few lines could otherwise name each other into gigabytes.
const VALUE_BYTES_MAX: usize = 64 << 10;

/// A file of sections.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ini {
    /// What all sections have.
    defaults: Values,
    /// The sections in the order of the file.
    sections: Vec<(String, Values)>,
}

/// Keys in small letters with their values and their lines.
type Values = Vec<(String, (String, usize))>;

/// A text that is no such file, or a value that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(super) struct IniProblem {
    /// The line, from 1.
    pub(super) line: usize,
    /// What is wrong.
    pub(super) message: String,
    /// What to do about it.
    pub(super) hint: String,
}

impl IniProblem {
    fn new(line: usize, message: impl Into<String>, hint: &str) -> Self {
        Self { line, message: message.into(), hint: hint.to_owned() }
    }
}

impl Ini {
    /// Reads a text.
    ///
    /// # Errors
    /// [`IniProblem`] for what configparser refuses, too: text before the first section, lines without `=`, and what is there twice.
    pub(super) fn parse(text: &str) -> Result<Self, IniProblem> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut ini = Self::default();
        let mut section: Option<usize> = None;
        let (mut is_default, mut key_indent, mut open) = (false, 0, false);
        let mut entries = 0;
        for (index, raw) in text.lines().enumerate() {
            let line = index + 1;
            let trimmed = raw.trim();
            let indent = raw.chars().take_while(|character| character.is_whitespace()).count();
            if trimmed.starts_with(['#', ';']) {
                continue;
            }
            if trimmed.is_empty() {
                // It belongs to the value if something of the value follows.
                if open && let Some((value, _)) = ini.last(section, is_default) {
                    value.push('\n');
                }
                continue;
            }
            if open && indent > key_indent {
                if let Some((value, _)) = ini.last(section, is_default) {
                    value.push('\n');
                    value.push_str(trimmed);
                }
                continue;
            }
            open = false;
            key_indent = indent;
            entries += 1;
            if entries > ENTRIES_MAX {
                return Err(IniProblem::new(
                    line,
                    format!("the file has more than {ENTRIES_MAX} sections and keys"),
                    "shorten it",
                ));
            }
            if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.rsplit_once(']')).map(|(name, _)| name) {
                is_default = name == DEFAULT;
                if is_default {
                    continue;
                }
                if ini.section(name).is_some() {
                    return Err(IniProblem::new(
                        line,
                        format!("the section [{}] is there twice", name.escape_debug()),
                        "make one section of both",
                    ));
                }
                section = Some(ini.sections.len());
                ini.sections.push((name.to_owned(), Values::new()));
                continue;
            }
            if section.is_none() && !is_default {
                return Err(IniProblem::new(line, "this line stands before the first section", "begin with [alembic]"));
            }
            let Some((key, value)) =
                trimmed.find(['=', ':']).map(|at| (trimmed[..at].trim(), trimmed[at + 1..].trim()))
            else {
                return Err(IniProblem::new(
                    line,
                    "this line is no section, no key with a value, and not indented as a continuation",
                    "write `key = value`, or begin the line with '#'",
                ));
            };
            let key = key.to_lowercase();
            let values = ini.values_mut(section, is_default);
            if values.iter().any(|(known, _)| *known == key) {
                return Err(IniProblem::new(
                    line,
                    format!("the key '{}' is there twice in its section", key.escape_debug()),
                    "keep one of them",
                ));
            }
            values.push((key, (value.to_owned(), line)));
            open = true;
        }
        let all = ini.sections.iter_mut().flat_map(|(_, values)| values).chain(&mut ini.defaults);
        all.for_each(|(_, (value, _))| value.truncate(value.trim_end().len()));
        Ok(ini)
    }

    fn values_mut(&mut self, section: Option<usize>, is_default: bool) -> &mut Values {
        match section.filter(|_| !is_default).and_then(|index| self.sections.get_mut(index)) {
            Some((_, values)) => values,
            None => &mut self.defaults,
        }
    }

    fn last(&mut self, section: Option<usize>, is_default: bool) -> Option<&mut (String, usize)> {
        self.values_mut(section, is_default).last_mut().map(|(_, value)| value)
    }

    fn section(&self, name: &str) -> Option<&Values> {
        self.sections.iter().find(|(known, _)| known == name).map(|(_, values)| values)
    }

    /// Whether there is such a section.
    pub(super) fn has_section(&self, name: &str) -> bool {
        self.section(name).is_some()
    }

    /// The names of the sections, in the order of the file.
    pub(super) fn section_names(&self) -> impl Iterator<Item = &str> {
        self.sections.iter().map(|(name, _)| name.as_str())
    }

    /// The keys of a section, those that all sections have included.
    pub(super) fn keys(&self, section: &str) -> Vec<&str> {
        let own = self.section(section).into_iter().flatten();
        let mut keys: Vec<&str> = Vec::new();
        for (key, _) in own.chain(&self.defaults) {
            if !keys.contains(&key.as_str()) {
                keys.push(key);
            }
        }
        keys
    }

    /// A value as it is written, and its line.
    pub(super) fn raw(&self, section: &str, key: &str) -> Option<(&str, usize)> {
        let find = |values: &'_ Values| values.iter().position(|(known, _)| known == key);
        let own = self.section(section).and_then(|values| find(values).and_then(|at| values.get(at)));
        let value = own.or_else(|| find(&self.defaults).and_then(|at| self.defaults.get(at)));
        value.map(|(_, (value, line))| (value.as_str(), *line))
    }

    /// A value with everything put in that it names: other keys of its section, of `DEFAULT`, and `given`.
    ///
    /// # Errors
    /// [`IniProblem`] where it names what is not there, or has a `%` that stands for nothing.
    pub(super) fn get(
        &self,
        section: &str,
        key: &str,
        given: &BTreeMap<&str, &str>,
    ) -> Result<Option<(String, usize)>, IniProblem> {
        let Some((raw, line)) = self.raw(section, key) else {
            return Ok(given.get(key).map(|value| ((*value).to_owned(), 0)));
        };
        let mut value = String::new();
        let mut names_left = NAMES_MAX;
        self.put_in(section, raw, line, given, (DEPTH_MAX, &mut names_left), &mut value)?;
        Ok(Some((value, line)))
    }

    fn put_in(
        &self,
        section: &str,
        raw: &str,
        line: usize,
        given: &BTreeMap<&str, &str>,
        (depth, names_left): (usize, &mut usize),
        value: &mut String,
    ) -> Result<(), IniProblem> {
        let mut rest = raw;
        while let Some(at) = rest.find('%') {
            value.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(behind) = rest.strip_prefix('%') {
                value.push('%');
                rest = behind;
            } else if let Some((name, behind)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(")s")) {
                let name = name.to_lowercase();
                let too_much = depth == 0 || *names_left == 0 || value.len() > VALUE_BYTES_MAX;
                *names_left = names_left.saturating_sub(1);
                match self.raw(section, &name).or_else(|| given.get(name.as_str()).map(|given| (*given, line))) {
                    _ if too_much => {
                        return Err(IniProblem::new(
                            line,
                            "this value names itself, or too many others",
                            "write the value itself",
                        ));
                    }
                    Some((inner, _)) => self.put_in(section, inner, line, given, (depth - 1, names_left), value)?,
                    None => {
                        return Err(IniProblem::new(
                            line,
                            format!("'%({})s' names no key of this section or of [DEFAULT]", name.escape_debug()),
                            "write the value itself; `%%` stands for a percent sign",
                        ));
                    }
                }
                rest = behind;
            } else {
                return Err(IniProblem::new(
                    line,
                    "a '%' has to be followed by '%' or '(name)s'",
                    "write `%%` for a percent sign",
                ));
            }
        }
        value.push_str(rest);
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn get(text: &str, key: &str) -> String {
        let given = BTreeMap::from([("here", ".")]);
        Ini::parse(text).unwrap().get("alembic", key, &given).unwrap().unwrap_or_default().0
    }

    /// Expected values are those of `configparser.ConfigParser({"here": "."})` of Python 3.
    #[test]
    fn reads_as_configparser_does() {
        let text = "# a comment\n; another\n[DEFAULT]\nroot = %(here)s/db\n\n[alembic]\nScript_Location = %(root)s/migrations\n\
                    version_locations =\n    a\n    # not a value\n    b\n\n    c\n\nempty =\ncolon: x = y\n\
                    file_template = %%(rev)s_%%(slug)s\ninline = a ; b # c\n[other]\nscript_location = elsewhere\n";
        for (key, value) in [
            ("script_location", "./db/migrations"),
            ("version_locations", "\na\nb\n\nc"),
            ("empty", ""),
            ("colon", "x = y"),
            ("file_template", "%(rev)s_%(slug)s"),
            ("inline", "a ; b # c"),
            ("root", "./db"),
            ("here", "."),
            ("absent", ""),
        ] {
            assert_eq!(get(text, key), value, "{key}");
        }
        let ini = Ini::parse(text).unwrap();
        assert_eq!(ini.section_names().collect::<Vec<_>>(), ["alembic", "other"]);
        assert_eq!(ini.keys("other"), ["script_location", "root"]);
        assert_eq!(ini.raw("other", "script_location"), Some(("elsewhere", 20)));
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for (text, line, message) in [
            ("a = 1\n", 1, "this line stands before the first section"),
            ("[alembic]\n\nnothing\n", 3, "this line is no section"),
            ("[alembic]\na = 1\nA = 2\n", 3, "the key 'a' is there twice in its section"),
            ("[alembic]\n[alembic]\n", 2, "the section [alembic] is there twice"),
        ] {
            let problem = Ini::parse(text).unwrap_err();
            assert_eq!((problem.line, problem.message.starts_with(message)), (line, true), "{problem:?}");
        }
        let many: String = (0..=ENTRIES_MAX).map(|number| format!("k{number} =\n")).collect();
        assert_eq!(
            Ini::parse(&format!("[a]\n{many}")).unwrap_err().message,
            "the file has more than 1000 sections and keys"
        );
        // Each names nothing, many times.
        let empty = "%(e)s".repeat(5_000);
        let ini = Ini::parse(&format!("[alembic]\na = {}\nb = {empty}\ne =\n", "%(b)s".repeat(5_000))).unwrap();
        assert!(ini.get("alembic", "a", &BTreeMap::new()).unwrap_err().message.starts_with("this value names itself"));
        for (value, message) in [
            ("%(nobody)s", "'%(nobody)s' names no key"),
            ("100%", "a '%' has to be followed"),
            ("%(a)s", "this value names itself"),
            ("%(b)s", "this value names itself"),
        ] {
            let many = "%(c)s".repeat(1000);
            let ini = Ini::parse(&format!("[alembic]\na = {value}\nb = {many}\nc = {many}\n")).unwrap();
            let problem = ini.get("alembic", "a", &BTreeMap::new()).unwrap_err();
            assert!(problem.line == 2 && problem.message.starts_with(message), "{problem:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "(\\[[a-z]{0,2}\\]|[ab%()s=:# \n]|\\PC){0,40}") {
            if let Ok(ini) = Ini::parse(&text) {
                for section in ini.section_names() {
                    for key in ini.keys(section) {
                        let _ = ini.get(section, key, &BTreeMap::new());
                    }
                }
            }
        }
    }
}
