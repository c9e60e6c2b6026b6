use super::*;

#[test]
fn each_problem_is_found_and_names_its_files() {
    let cases = [
        ("a; b a; a b", "duplicate-revision", "Revision a is present more than once: in a.sql and in a.sql"),
        ("a a", "self-loop", "Self-loop is detected in revisions (a): a.sql revises itself"),
        ("a @a", "dependency-self-loop", "Dependency self-loop is detected in revisions (a): a.sql depends on itself"),
        (
            "a #x @x",
            "dependency-self-loop",
            "Dependency self-loop is detected in revisions (a): a.sql depends on itself",
        ),
        ("a; b a,a", "repeated-parent", "Revision b in b.sql names its parent a twice"),
        ("a zz", "missing-parent", "Can't locate revision identified by 'zz', which revision a in a.sql revises"),
        (
            "a #lib; b lib",
            "missing-parent",
            "Can't locate revision identified by 'lib', which revision b in b.sql revises",
        ),
        (
            "a @zz",
            "missing-dependency",
            "Can't locate revision identified by 'zz', on which revision a in a.sql depends",
        ),
        (
            "abc12; abc13; b @abc1",
            "ambiguous-dependency",
            "Multiple revisions start with 'abc1', on which revision b in b.sql depends: abc12, abc13",
        ),
        ("a #x-y", "invalid-label", "Branch name 'x-y' of revision a in a.sql cannot be used"),
        ("a #heads", "invalid-label", "Branch name 'heads' of revision a in a.sql cannot be used"),
        ("a #b; b", "label-is-revision", "Branch name 'b' of revision a in a.sql is also the revision in b.sql"),
        ("a #x; b #x", "duplicate-label", "Branch name 'x' in revision b already used by revision a (b.sql and a.sql)"),
        ("a b; b a", "cycle", "Cycle is detected in revisions (a, b): a.sql, b.sql"),
        ("z; y z,c; c b; b a; a c; d c", "cycle", "Cycle is detected in revisions (c, a, b): c.sql, a.sql, b.sql"),
        ("a @b; b a", "dependency-cycle", "Dependency cycle is detected in revisions (a, b): a.sql, b.sql"),
        (
            "a1; b1 a1 @b2; a2; b2 a2 @b1",
            "dependency-cycle",
            "Dependency cycle is detected in revisions (b1, b2): b1.sql, b2.sql",
        ),
    ];
    for (text, kind, message) in cases {
        let error = try_graph(text).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (kind, message), "{text}");
        assert!(error.hint().unwrap().contains(".sql") || kind.contains("cycle"), "{text}");
    }
}

#[test]
fn a_cycle_is_walked_from_parent_to_child() {
    // b revises a, c revises b, a revises c.
    let error = try_graph("a c; b a; c b; above b").unwrap_err();
    assert_eq!(
        error,
        GraphError::Cycle { revisions: ids("a b c"), files: vec!["a.sql".into(), "b.sql".into(), "c.sql".into()] }
    );
}

#[test]
fn an_invalid_label_says_why() {
    let error = try_graph("a #x-y").unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "Character(s) '-' not allowed in revision identifier 'x-y'");
}
