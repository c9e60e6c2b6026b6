#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::revision::RevisionId;

fn manifest() -> Manifest {
    Manifest {
        format: MANIFEST_FORMAT,
        metadata: Metadata::new(RevisionId::new("a").unwrap()),
        source_digest: Digest::of(b""),
        lock_digest: None,
        language: Language::Sql,
        file: "migrations/a.sql".to_owned(),
        runtime: Some("sql".to_owned()),
        runtime_digest: None,
        sections: Some(ScriptSections { upgrade: [0, 3], downgrade: None }),
        packages: Vec::new(),
        built_with: "0.1.0".to_owned(),
    }
}

fn component(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut component = wat::parse_str("(component (core module (func)) (component))").unwrap();
    for (name, data) in parts {
        let section = CustomSection { name: (*name).into(), data: (*data).into() };
        section.append_to_component(&mut component);
    }
    component
}

#[test]
fn what_is_embedded_is_read_back() {
    let plain = component(&[("other", b"x")]);
    assert_eq!(read_manifest(&plain).unwrap(), None);
    let mut bytes = plain.clone();
    add_manifest(&mut bytes, &manifest(), Some("änd")).unwrap();
    assert_eq!(read_manifest(&bytes).unwrap(), Some(manifest()));
    assert_eq!(read_source(&bytes).unwrap(), Some("änd"));
    wasmparser::Validator::new().validate_all(&bytes).unwrap();
    assert_eq!(without_sections(&bytes).unwrap(), plain);
}

#[test]
fn packages_stand_beside_a_source() {
    let plain = component(&[]);
    let mut bytes = plain.clone();
    let manifest = Manifest {
        runtime: Some("javascript".to_owned()),
        sections: None,
        packages: vec!["a@1.0.0".to_owned()],
        ..manifest()
    };
    add_manifest(&mut bytes, &manifest, Some("abc")).unwrap();
    let without = read_contents(&bytes).unwrap();
    assert_eq!((without.packages, without.sections.len()), (None, 2));
    add_packages(&mut bytes, "\0ä");
    let contents = read_contents(&bytes).unwrap();
    assert_eq!(&bytes[contents.packages.unwrap()], "\0ä".as_bytes());
    assert_eq!((contents.manifest.unwrap().packages, contents.sections.len()), (vec!["a@1.0.0".to_owned()], 3));
    assert_eq!(without_sections(&bytes).unwrap(), plain);
    let json = |manifest| serde_json::to_vec(&manifest).unwrap();
    let (of_sql, of_javascript) = (json(super::tests::manifest()), json(manifest));
    for broken in [
        component(&[(PACKAGES_SECTION, b"a")]),
        component(&[(SOURCE_SECTION, b"a"), (PACKAGES_SECTION, b"a")]),
        component(&[(MANIFEST_SECTION, &of_sql), (SOURCE_SECTION, b"abc"), (PACKAGES_SECTION, b"a")]),
        component(&[(MANIFEST_SECTION, &of_javascript), (SOURCE_SECTION, b"a"), (PACKAGES_SECTION, b"\xff")]),
    ] {
        let error = read_manifest(&broken).unwrap_err().to_string();
        assert_eq!(error, "its section 'host:packages' cannot be read");
    }
}

#[test]
fn says_what_is_wrong() {
    let json = serde_json::to_vec(&manifest()).unwrap();
    let json = json.as_slice();
    let other_format = br#"{"format":9,"metadata":5}"#.as_slice();
    let mut truncated = component(&[(MANIFEST_SECTION, json)]);
    truncated.pop();
    for (bytes, expected) in [
        (wat::parse_str("(module)").unwrap(), "it is a core module, not a component"),
        (b"-- upgrade".to_vec(), "it is not WebAssembly"),
        (Vec::new(), "it is not WebAssembly"),
        (b"\0asm".to_vec(), "byte 4: unexpected end-of-file"),
        (truncated, "byte "),
        (component(&[(MANIFEST_SECTION, b"{}")]), "its section 'host:migration' cannot be read"),
        (component(&[(MANIFEST_SECTION, other_format)]), "its section 'host:migration' has format 9, not 1"),
        (component(&[(MANIFEST_SECTION, json)]), "it has no section 'host:source'"),
        (component(&[(MANIFEST_SECTION, json), (MANIFEST_SECTION, json)]), "it has several sections 'host:migration'"),
        // Too short, not UTF-8, and a direction that ends inside a character.
        (
            component(&[(MANIFEST_SECTION, json), (SOURCE_SECTION, b"ab")]),
            "its sections 'host:migration' and 'host:source' do not fit together",
        ),
        (component(&[(MANIFEST_SECTION, json), (SOURCE_SECTION, b"\xffabc")]), "its sections"),
        (component(&[(MANIFEST_SECTION, json), (SOURCE_SECTION, "abä".as_bytes())]), "its sections"),
        (
            component(&[(MANIFEST_SECTION, &vec![b' '; MANIFEST_BYTES_MAX + 1])]),
            "its section 'host:migration' has 1048577 bytes, more than 1048576",
        ),
    ] {
        let error = read_manifest(&bytes).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn what_would_not_be_read_is_not_written() {
    let size = |file: usize| {
        let mut bytes = component(&[]);
        let written = add_manifest(&mut bytes, &Manifest { file: "x".repeat(file), ..manifest() }, Some("abc"));
        written.map(|()| bytes).map_err(|error| error.to_string())
    };
    let rest = serde_json::to_vec(&Manifest { file: String::new(), ..manifest() }).unwrap().len();
    assert!(read_manifest(&size(MANIFEST_BYTES_MAX - rest).unwrap()).is_ok());
    let error = size(MANIFEST_BYTES_MAX - rest + 1).unwrap_err();
    assert_eq!(error, "its section 'host:migration' has 1048577 bytes, more than 1048576");
}

#[test]
fn texts_without_end_are_cut() {
    let long = "x".repeat(900_000);
    let mut bytes = component(&[]);
    add_manifest(&mut bytes, &Manifest { file: long.clone(), ..manifest() }, Some("abc")).unwrap();
    assert!(read_manifest(&bytes).unwrap().unwrap().file.len() < 1100);
    let json = serde_json::to_string(&manifest()).unwrap().replace("\"sql\",\"file\"", &format!("\"{long}\",\"file\""));
    let error = read_manifest(&component(&[(MANIFEST_SECTION, json.as_bytes())])).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.starts_with("unknown variant `xxx") && cause.len() < 1100, "{} bytes", cause.len());
}

proptest! {
    #[test]
    fn rubbish_never_panics(rubbish in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_manifest(&rubbish);
        let mut component = component(&[]);
        component.extend_from_slice(&rubbish);
        let _ = read_manifest(&component);
        let _ = without_sections(&component);
    }

    #[test]
    fn a_changed_byte_never_panics(at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let mut component = component(&[]);
        add_manifest(&mut component, &manifest(), Some("abc")).unwrap();
        *at.get_mut(&mut component) = value;
        let _ = read_manifest(&component);
        let _ = read_source(&component);
        let _ = without_sections(&component);
    }
}
