//! A new migration in a compiled language, as `host revision` makes it.

use super::TestProject;

impl TestProject {
    /// Makes a migration in a language, and gives its folder.
    pub(crate) fn new_migration(&self, language: &str) -> String {
        let output =
            self.host(&["--json", "revision", "--lang", language, "-m", "create users", "--rev-id", "a1"]).success();
        output.json()["file"].as_str().expect("the folder").to_owned()
    }

    /// Builds and runs a new migration when its downgrade is decided, which a build asks for at this line; the component that was
    /// built. It has none of these names of folders in it, and a second build makes the same one.
    pub(crate) fn decide_and_run(&self, file: &str, undecided_line: u32, names: &[std::path::PathBuf]) -> Vec<u8> {
        let output = self.host(&["build"]).with_code(1);
        let undecided = format!("is undecided: line {undecided_line} still says TODO");
        assert!(output.stderr.contains(&undecided), "{}", output.stderr);
        let source = std::fs::read_to_string(self.path(file)).expect("the source");
        let decided: Vec<&str> = source.lines().filter(|line| !line.contains("TODO")).collect();
        self.write(file, &format!("{}\n", decided.join("\n")));
        self.host(&["build"]).success();
        self.host(&["build", "--check"]).success();
        self.host(&["upgrade", "head"]).success();
        self.host(&["downgrade", "base"]).success();

        let built = self.path(".host/build/a1.wasm");
        let component = std::fs::read(&built).expect("the component");
        for name in [self.path(""), self.cache().to_owned()].iter().chain(names) {
            let bytes = name.as_os_str().as_encoded_bytes();
            assert!(!component.windows(bytes.len()).any(|window| window == bytes), "{}", name.display());
        }
        self.host(&["build", "--force"]).success();
        assert!(std::fs::read(&built).expect("the component") == component, "two builds differ");
        component
    }
}
