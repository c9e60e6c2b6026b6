//! The grammar of targets, the same as Alembic's.

use std::fmt;

use super::TargetError;

/// A target as the user wrote it, split into its parts: `[BRANCH@][ANCHOR][+N|-N]`.
///
/// | text | branch | anchor | steps |
/// |---|---|---|---|
/// | `3f2a` | | name | |
/// | `heads` | | heads | |
/// | `app@head-1` | `app` | head | -1 |
/// | `app@+2` | `app` | | 2 |
/// | `-1` | | | -1 |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The whole text.
    pub text: String,
    /// A label, or a revision that stands for its branch.
    pub branch: Option<String>,
    /// Where to start; `None` is the state of the database.
    pub anchor: Option<Anchor>,
    /// How many revisions to go up, or down if negative. `None` when the target is not relative.
    pub steps: Option<i64>,
}

/// The fixed point of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// `head`: the only head.
    Head,
    /// `heads`: all heads.
    Heads,
    /// `base`: before the first revision.
    Base,
    /// `current`: what is applied; only to look at.
    Current,
    /// An id, a unique prefix or a label.
    Name(String),
}

impl Target {
    /// Splits a text into its parts. Whether they exist is another question.
    ///
    /// # Errors
    /// [`TargetError::Malformed`] when the text does not fit the grammar.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let malformed = |problem| {
            let text = text.to_owned();
            Err(TargetError::Malformed { text, problem })
        };
        let (branch, point) = match text.split_once('@') {
            Some((branch, point)) => (Some(branch), point),
            None => (None, text),
        };
        if branch.is_some_and(str::is_empty) {
            return malformed("there is nothing before the @");
        }
        let (anchor, steps) = match point.rfind(['+', '-']) {
            Some(sign) => (&point[..sign], Some(&point[sign..])),
            None => (point, None),
        };
        let steps = match steps {
            None => None,
            Some(steps) if steps.len() == 1 || !steps[1..].bytes().all(|byte| byte.is_ascii_digit()) => {
                return malformed("+ and - stand before a number of revisions at the end");
            }
            Some(steps) => match steps.parse() {
                Ok(steps) => Some(steps),
                Err(_) => return malformed("the number is too large"),
            },
        };
        if anchor.is_empty() && steps.is_none() {
            return malformed("it is empty");
        }
        if [branch.unwrap_or_default(), anchor].iter().any(|name| name.contains(['@', '+', '-', ':'])) {
            return malformed("a name has none of the characters @ + - :");
        }
        let anchor = match anchor {
            "" => None,
            "head" => Some(Anchor::Head),
            "heads" => Some(Anchor::Heads),
            "base" => Some(Anchor::Base),
            "current" if branch.is_some() || steps.is_some() => {
                return malformed("'current' stands alone");
            }
            "current" => Some(Anchor::Current),
            name => Some(Anchor::Name(name.to_owned())),
        };
        Ok(Self { text: text.to_owned(), branch: branch.map(str::to_owned), anchor, steps })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> Option<Anchor> {
        Some(Anchor::Name(name.to_owned()))
    }

    #[test]
    fn splits_every_form() {
        let cases = [
            ("head", None, Some(Anchor::Head), None),
            ("heads", None, Some(Anchor::Heads), None),
            ("base", None, Some(Anchor::Base), None),
            ("current", None, Some(Anchor::Current), None),
            ("+1", None, None, Some(1)),
            ("-12", None, None, Some(-12)),
            ("+0", None, None, Some(0)),
            ("abc1", None, name("abc1"), None),
            ("123", None, name("123"), None),
            ("abc1+2", None, name("abc1"), Some(2)),
            ("abc1-2", None, name("abc1"), Some(-2)),
            ("base+2", None, Some(Anchor::Base), Some(2)),
            ("app@head", Some("app"), Some(Anchor::Head), None),
            ("app@heads", Some("app"), Some(Anchor::Heads), None),
            ("app@base", Some("app"), Some(Anchor::Base), None),
            ("app@abc1", Some("app"), name("abc1"), None),
            ("app@+1", Some("app"), None, Some(1)),
            ("app@-1", Some("app"), None, Some(-1)),
            ("app@head-1", Some("app"), Some(Anchor::Head), Some(-1)),
        ];
        for (text, branch, anchor, steps) in cases {
            let expected = Target { text: text.to_owned(), branch: branch.map(str::to_owned), anchor, steps };
            assert_eq!(Target::parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    #[expect(clippy::unwrap_used, reason = "tests")]
    fn refuses_what_does_not_fit() {
        for text in ["", "@head", "app@", "a@b@c", "a-b", "a+", "+", "a+1x", "a:b", "a+1+1", "current-1", "app@current"]
        {
            let error = Target::parse(text).unwrap_err();
            assert_eq!(error.kind(), "malformed-target", "{text}");
            assert!(error.to_string().starts_with(&format!("Can't locate revision identified by '{text}'")));
        }
        assert!(Target::parse("+99999999999999999999").is_err());
    }
}
