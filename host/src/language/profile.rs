//! What host knows of a language.

/// What host knows of a language. How it is built is for the toolchain.
#[derive(Debug)]
pub struct Profile {
    /// Its name, in lowercase: that of the variant and of its folder.
    pub name: &'static str,
    /// Its name as people write it, such as `TypeScript`.
    pub title: &'static str,
    /// What a migration in it consists of.
    pub source: Source,
    /// What a new migration begins with; none where host cannot write one.
    pub template: Option<Template>,
}

/// What a migration consists of.
#[derive(Debug)]
pub enum Source {
    /// One text file. Its component carries a text, which a runtime runs.
    Text {
        /// The extension of its name, without the dot.
        extension: &'static str,
        /// How a line comment begins. The first comment has the metadata.
        comment_prefix: &'static str,
        /// The runtime.
        runtime: &'static str,
        /// Whether upgrade and downgrade are sections of the file; otherwise they are functions, which the runtime finds.
        sections: bool,
        /// Whether the text in the component was made of the file; otherwise it is the file.
        translated: bool,
    },
    /// One text file of another tool's project, which is found by that tool's settings and says in its own way what it is. Its
    /// component carries a text with it and with all that it needs, which a runtime runs.
    Foreign {
        /// The runtime.
        runtime: &'static str,
    },
    /// A folder, from which a compiler makes a core module or a component.
    Folder {
        /// The file by which such a folder is known.
        marker: &'static str,
        /// The file that the compiler writes by itself, which is not part of what the author wrote, if there is one.
        lock_file: Option<&'static str>,
        /// The file in which the author works.
        main: &'static str,
        /// Where the SDK is put, relative to the project's folder.
        sdk_folder: &'static str,
    },
    /// A folder whose metadata names the command that makes a core module or a component of it.
    Command {
        /// The file in which that command stands, for whoever looks for the source.
        main: &'static str,
    },
    /// A component, or a core module, that was built elsewhere.
    Component,
}

/// What a new migration begins with.
#[derive(Debug)]
pub struct Template {
    /// Its files: paths in its folder with their texts; for a single file, its text with an empty path.
    ///
    /// In the texts stand for something: `{{metadata}}` for the metadata block of a single file, `{{message}}` for the message in
    /// one line, `{{package}}` for a name that no other migration has, `{{sdk}}` for the path to the SDK, `{{downgrade}}` for
    /// one of the two texts below. The metadata of a folder is a file of its own, and not listed here.
    pub files: &'static [(&'static str, &'static str)],
    /// A downgrade that does not build until somebody has decided what it does.
    pub undecided: &'static str,
    /// A downgrade of which it is decided that there is nothing to do.
    pub nothing_to_do: &'static str,
}
