//! What a command printed.

use std::process::ExitStatus;

/// Output and exit code of one command.
pub(crate) struct Output {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
    /// What differs from run to run, and what stands for it.
    pub(crate) replacements: Vec<(String, &'static str)>,
}

impl Output {
    pub(crate) fn new(output: std::process::Output, replacements: Vec<(String, &'static str)>) -> Self {
        Self {
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on stdout"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8 on stderr"),
            code: code(output.status),
            replacements,
        }
    }

    /// Replaces digests, which change with the version of the host.
    pub(crate) fn without_digests(mut self) -> Self {
        let is_digest = |word: &str| word.len() == 64 && word.chars().all(|character| character.is_ascii_hexdigit());
        let words = self.stdout.split('\'').filter(|word| is_digest(word)).map(|word| (word.to_owned(), "[digest]"));
        self.replacements.extend(words);
        self
    }

    /// Replaces digests that are words of their own.
    pub(crate) fn without_long_digests(mut self) -> Self {
        let digests: Vec<String> = self
            .stdout
            .split(|character: char| !character.is_ascii_alphanumeric())
            .filter(|word| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .map(str::to_owned)
            .collect();
        self.replacements.extend(digests.into_iter().map(|digest| (digest, "[digest]")));
        self
    }

    /// The same with more parts replaced that differ from run to run.
    pub(crate) fn replace(mut self, replacements: &[(String, &'static str)]) -> Self {
        self.replacements.extend_from_slice(replacements);
        self
    }

    /// Asserts exit code 0.
    pub(crate) fn success(self) -> Self {
        self.with_code(0)
    }

    /// Asserts an exit code.
    pub(crate) fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.stable());
        self
    }

    /// The one JSON document on stdout.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{}", self.stable()))
    }

    /// The JSON documents on stdout, one a line.
    pub(crate) fn json_lines(&self) -> Vec<serde_json::Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .collect()
    }

    /// Everything that a user sees, without what differs from run to run.
    pub(crate) fn stable(&self) -> String {
        let mut text = format!("{}-- stderr --\n{}-- exit code {} --\n", self.stdout, self.stderr, self.code);
        for (from, to) in &self.replacements {
            text = text.replace(from, to);
        }
        replace_durations(&replace_ports(&text))
    }
}

/// Where a proxy or another server of the tests listens becomes `[port]`.
fn replace_ports(text: &str) -> String {
    const BEFORE: &str = "@127.0.0.1:";
    let mut parts = text.split(BEFORE);
    let mut stable = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|character: char| character.is_ascii_digit());
        stable.push_str(BEFORE);
        stable.push_str(if rest.starts_with('/') && rest.len() < part.len() {
            "[port]"
        } else {
            &part[..part.len() - rest.len()]
        });
        stable.push_str(rest);
    }
    stable
}

/// `12 ms` and `3.4 s` become `[time]`.
fn replace_durations(text: &str) -> String {
    let mut stable = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        for index in 0..words.len().saturating_sub(1) {
            let unit = words[index + 1].trim_end_matches([',', ':', '\n']);
            let number = words[index].chars().all(|character| character.is_ascii_digit() || character == '.');
            if number && !words[index].is_empty() && matches!(unit, "ms" | "s") {
                let rest = words[index + 1][unit.len()..].to_owned();
                words[index] = String::new();
                words[index + 1] = format!("[time]{rest}");
            }
        }
        words.retain(|word| !word.is_empty() || line.starts_with(' '));
        stable.push_str(&words.join(" "));
    }
    stable
}

fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().unwrap_or_else(|| -status.signal().unwrap_or_default())
}
