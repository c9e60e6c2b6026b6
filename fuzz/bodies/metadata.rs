//! Any text as a source with metadata, as a `migration.toml`, and as a `host.toml`: reading never panics, and what was read
//! is written such that it reads the same.

use host::config::Config;
use host::store::Block;
use host::store::Metadata;
use host::store::write_block;

/// Tries one input.
pub(super) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for prefix in ["--", "//", "#"] {
        match Block::find(&text, prefix) {
            Ok(Some(block)) => {
                assert!(text.get(block.range.clone()).is_some(), "a block that cuts a character");
                match block.metadata() {
                    Ok(metadata) => reads_the_same(&metadata, prefix),
                    Err(error) => drop((error.to_string(), error.hint())),
                }
            }
            Ok(None) => {}
            Err(error) => drop((error.to_string(), error.hint())),
        }
    }
    match Metadata::from_toml(&text) {
        Ok(metadata) => reads_the_same(&metadata, "--"),
        Err(problem) => drop((problem.to_string(), problem.hint())),
    }
    match Config::parse(&text, "host.toml") {
        Ok(config) => {
            let _ = config.url_variables();
            for name in config.names() {
                let environment = config.environment(name).expect("a name that is listed");
                if let Some(url) = &environment.url {
                    let _ = url.expand(&|name| (name.len() > 3).then(|| name.to_owned()));
                }
            }
        }
        Err(error) => drop((error.to_string(), error.hint())),
    }
}

fn reads_the_same(metadata: &Metadata, prefix: &'static str) {
    let toml = metadata.to_toml().expect("metadata can be written");
    assert_eq!(&Metadata::from_toml(&toml).expect("what was written can be read"), metadata);
    let written = write_block(metadata, prefix).expect("metadata can be written");
    let block = Block::find(&written, prefix).expect("a block").expect("a block");
    assert_eq!(&block.metadata().expect("what was written can be read"), metadata, "{written}");
}
