//! `host completions`: what a shell reads once, so that it can complete what is typed.

use clap::Args;
use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_complete::env::Bash;
use clap_complete::env::EnvCompleter;
use clap_complete::env::Fish;
use clap_complete::env::Zsh;

use super::args::Arguments;
use super::failure::Failure;
use super::settings::Settings;

/// The variable by which a shell asks: it holds the shell's name, and the words that were typed come after `--`.
pub(super) const VARIABLE: &str = "HOST_COMPLETE";

#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

pub(super) fn run(settings: &Settings, arguments: &CompletionsArguments) -> Result<u8, Failure> {
    let (name, program) = super::process::called_as();
    let mut script = Vec::new();
    match asking(&arguments.shell.to_string()) {
        Some(shell) => {
            register(shell, &name, &program, &mut script)
                .map_err(|error| Failure::bug(format!("cannot write the completions: {error}")))?;
        }
        None => clap_complete::generate(arguments.shell, &mut Arguments::command(), name, &mut script),
    }
    settings.report().exactly(&String::from_utf8_lossy(&script));
    Ok(0)
}

/// The shells that ask this program while a command is being typed; for the others a script is made once.
pub(super) fn asking(shell: &str) -> Option<&'static dyn EnvCompleter> {
    const SHELLS: [&dyn EnvCompleter; 3] = [&Bash, &Fish, &Zsh];
    SHELLS.into_iter().find(|known| known.is(shell))
}

/// Writes the script of a shell that asks this program.
fn register(shell: &dyn EnvCompleter, name: &str, program: &str, script: &mut Vec<u8>) -> std::io::Result<()> {
    shell.write_registration(VARIABLE, name, name, program, script)?;
    if shell.is("bash") {
        // Where nothing is offered bash completes the names of files, and quotes them.
        let text = String::from_utf8_lossy(script).replace("-o bashdefault", "-o bashdefault -o default");
        *script = text.into_bytes();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bash_completes_files_by_itself() {
        let mut script = Vec::new();
        register(asking("bash").expect("bash"), "hostmig", "/opt/hostmig", &mut script).expect("a script");
        let script = String::from_utf8(script).expect("UTF-8");
        assert_eq!(script.matches(" -o bashdefault -o default ").count(), 2, "{script}");
        assert!(script.contains("HOST_COMPLETE=\"bash\" \\\n        \"/opt/hostmig\" --"), "{script}");
        assert!(script.contains("-F _clap_complete_hostmig hostmig\n"), "{script}");
    }

    #[test]
    fn the_shells_that_ask_are_among_those_that_can_be_chosen() {
        let shells = <Shell as clap::ValueEnum>::value_variants().iter().map(ToString::to_string);
        let asking: Vec<_> = shells.filter(|shell| asking(shell).is_some()).collect();
        assert_eq!(asking, ["bash", "fish", "zsh"]);
    }
}
