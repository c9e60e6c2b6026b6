//! What is said of a run that failed.

use super::*;

fn unknown(id: &str) -> RunError {
    RunError::UnknownRevision(RevisionId::new(id).expect("an id"))
}

#[test]
fn problems_are_put_together_and_told_once() {
    assert!(RunError::of_problems([]).is_none());
    let one = RunError::of_problems([unknown("a"), unknown("a")]).expect("a problem");
    assert!(matches!(one, RunError::UnknownRevision(_)), "{one}");
    let two = RunError::of_problems([unknown("a"), unknown("b")]).expect("two problems");
    assert_eq!(two.kind(), "unknown-revision");
    let takes_along = RunError::TakesAlong { note: "also removes c".to_owned() };
    let three = RunError::of_problems([two, takes_along, unknown("b")]).expect("three problems");
    assert_eq!((three.kind(), three.problems().len(), three.hint()), ("several-problems", 3, None));
    assert!(three.to_string().starts_with("3 problems: Can't locate"), "{three}");
}

#[test]
fn what_says_more_takes_the_place_of_what_says_less() {
    let lacks = |rights: &str| {
        let (table, user) = ("host_log".to_owned(), "me".to_owned());
        RunError::from(DatabaseError::NoRights { table, rights: rights.to_owned(), user })
    };
    let all = RunError::of_problems([lacks("SELECT"), lacks("SELECT, INSERT"), lacks("SELECT")]).expect("a problem");
    assert_eq!(all.to_string(), "user 'me' lacks SELECT, INSERT on host_log");
}
