//! `host` on a terminal, where it can ask.

use std::io::Write as _;
use std::process::Command;
use std::process::Stdio;

use super::Output;
use super::TestProject;

impl TestProject {
    /// Runs a command on a terminal of its own, and types this. What is shown is all on stdout.
    #[must_use = "compare it with a snapshot, or ask for success()"]
    pub(crate) fn on_a_terminal(&self, inner: &Command, typed: &str) -> Output {
        let quote = |text: &std::ffi::OsStr| format!("'{}'", text.to_str().expect("UTF-8").replace('\'', "'\\''"));
        let words: Vec<_> = std::iter::once(inner.get_program()).chain(inner.get_args()).map(quote).collect();
        let mut command = Command::new("script");
        command.args(["-q", "-e", "-E", "never", "-c"]).arg(words.join(" ")).arg("/dev/null");
        command.env_clear().current_dir(self.path(""));
        command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("script runs");
        child.stdin.take().expect("a pipe").write_all(typed.as_bytes()).expect("an answer");
        let mut output = Output::new(child.wait_with_output().expect("script ends"), self.replacements());
        output.stdout = output.stdout.replace("\r\n", "\n");
        output
    }
}
