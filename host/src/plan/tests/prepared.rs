//! Prepared plans: what is written is read back, and each difference has a name.

use proptest::collection::btree_map;
use proptest::collection::btree_set;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::digest::Digest;
use crate::grant::Class;
use crate::grant::Classes;

fn id() -> impl Strategy<Value = RevisionId> {
    "[a-z0-9_]{1,12}".prop_filter_map("a word of the grammar", |text| RevisionId::new(text).ok())
}

fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 4]>().prop_map(|bytes| Digest::of(&bytes))
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Upgrade), Just(Direction::Downgrade)]
}

fn text() -> impl Strategy<Value = String> {
    any::<String>()
}

fn classes() -> impl Strategy<Value = Classes> {
    vec(proptest::sample::select(&Class::ALL[..]), 0..5).prop_map(|classes| classes.into_iter().collect())
}

fn runtime() -> impl Strategy<Value = PreparedRuntime> {
    (text(), option::of(digest())).prop_map(|(name, digest)| PreparedRuntime { name, digest })
}

fn step() -> impl Strategy<Value = PreparedStep> {
    let revisions = (id(), direction(), text(), vec(id(), 0..3), vec(id(), 0..3));
    let rest = (btree_set(id(), 0..3), btree_set(id(), 0..3), digest(), option::of(digest()), option::of(runtime()));
    (revisions, rest, any::<bool>(), classes()).prop_map(|(revisions, rest, transactional, permissions)| {
        let (revision, direction, message, from, to) = revisions;
        let (heads_before, heads_after, source_digest, component_digest, runtime) = rest;
        PreparedStep {
            revision,
            direction,
            message,
            from,
            to,
            heads_before,
            heads_after,
            source_digest,
            component_digest,
            runtime,
            transactional,
            permissions,
        }
    })
}

fn unfinished() -> impl Strategy<Value = UnfinishedStep> {
    let words = (option::of(text()), option::of(text()), option::of(text()), option::of(text()));
    (text(), text(), any::<u32>(), any::<u32>(), words).prop_map(
        |(revision, direction, statements_done, next_statement, (command, statement, state, error))| UnfinishedStep {
            revision,
            direction,
            statements_done,
            next_statement,
            command,
            statement,
            state,
            error,
        },
    )
}

fn options() -> impl Strategy<Value = PlanOptions> {
    (vec((text(), text()), 0..3), option::of(any::<u64>()), option::of(any::<u64>())).prop_map(
        |(args, lock_timeout_milliseconds, statement_timeout_milliseconds)| PlanOptions {
            args,
            lock_timeout_milliseconds,
            statement_timeout_milliseconds,
        },
    )
}

fn settings() -> impl Strategy<Value = PlanSettings> {
    let tables = (text(), text(), text());
    let limits = btree_map("[a-z-]{1,12}", text(), 0..4);
    (text(), option::of(text()), tables, any::<u64>(), any::<u64>(), limits).prop_map(
        |(environment, role, tables, lock_timeout_milliseconds, statement_timeout_milliseconds, limits)| PlanSettings {
            environment,
            role,
            version_table: tables.0,
            log_table: tables.1,
            journal_table: tables.2,
            lock_timeout_milliseconds,
            statement_timeout_milliseconds,
            limits,
        },
    )
}

fn plan() -> impl Strategy<Value = PreparedPlan> {
    let heads = (btree_set(id(), 0..3), btree_set(id(), 0..3));
    let lists = (vec(step(), 0..4), vec(text(), 0..3), vec(unfinished(), 0..2));
    (direction(), text(), heads, lists, options(), settings()).prop_map(
        |(direction, target, heads, (steps, notes, unfinished), options, settings)| PreparedPlan {
            format: PLAN_FORMAT,
            host_version: "0.1.0".to_owned(),
            direction,
            target,
            heads_before: heads.0,
            heads_after: heads.1,
            steps,
            notes,
            problems: Vec::new(),
            unfinished,
            options,
            settings,
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(plan in plan()) {
        let json = plan.to_json().unwrap();
        prop_assert_eq!(json.lines().count(), 1);
        let read = PreparedPlan::from_json(json.as_bytes()).unwrap();
        prop_assert!(plan.differences(&read).is_empty());
        prop_assert_eq!(read, plan);
    }

    /// Nothing but what changes nothing may be another one without a difference that says so.
    #[test]
    fn plans_without_a_difference_are_the_same(one in plan(), other in plan()) {
        let neutral = |plan: &PreparedPlan| {
            let mut plan = plan.clone();
            plan.notes.clear();
            plan.steps.iter_mut().for_each(|step| step.message.clear());
            for step in &mut plan.unfinished {
                let UnfinishedStep { revision, direction, next_statement, .. } = step.clone();
                *step = UnfinishedStep {
                    revision,
                    direction,
                    next_statement,
                    statements_done: 0,
                    command: None,
                    statement: None,
                    state: None,
                    error: None,
                };
            }
            // What was asked for counts in the settings that come of it.
            plan.options.lock_timeout_milliseconds = None;
            plan.options.statement_timeout_milliseconds = None;
            plan
        };
        prop_assert_eq!(one.differences(&other).is_empty(), neutral(&one) == neutral(&other));
    }

    #[test]
    fn reading_never_panics(text in "\\PC*|[\\{\\}\\[\\]\":,a-z0-9]*") {
        let _ = PreparedPlan::from_json(text.as_bytes());
    }
}

fn example() -> PreparedPlan {
    let revision = |id| RevisionId::new(id).unwrap();
    let step = PreparedStep {
        revision: revision("b"),
        direction: Direction::Upgrade,
        message: "add b".to_owned(),
        from: vec![revision("a")],
        to: vec![revision("b")],
        heads_before: [revision("a")].into(),
        heads_after: [revision("b")].into(),
        source_digest: Digest::of(b"source"),
        component_digest: Some(Digest::of(b"component")),
        runtime: Some(PreparedRuntime { name: "sql".to_owned(), digest: Some(Digest::of(b"sql")) }),
        transactional: true,
        permissions: Classes::usual(),
    };
    PreparedPlan {
        format: PLAN_FORMAT,
        host_version: "0.1.0".to_owned(),
        direction: Direction::Upgrade,
        target: "head".to_owned(),
        heads_before: step.heads_before.clone(),
        heads_after: step.heads_after.clone(),
        steps: vec![step],
        notes: Vec::new(),
        problems: Vec::new(),
        unfinished: Vec::new(),
        options: PlanOptions::default(),
        settings: PlanSettings {
            environment: "default".to_owned(),
            role: None,
            version_table: "host_version".to_owned(),
            log_table: "host_log".to_owned(),
            journal_table: "host_journal".to_owned(),
            lock_timeout_milliseconds: 10_000,
            statement_timeout_milliseconds: 0,
            limits: [("memory".to_owned(), "512 MiB".to_owned())].into(),
        },
    }
}

#[test]
fn each_difference_is_named() {
    type Change = fn(&mut PreparedPlan);
    let cases: [(Change, &str); 12] = [
        (|plan| plan.heads_before.clear(), "revisions of the database: a in the plan, base now"),
        (|plan| plan.steps.clear(), "steps: b in the plan, none now"),
        (|plan| plan.steps[0].component_digest = None, "in the plan, not built now"),
        (|plan| plan.steps[0].source_digest = Digest::of(b""), "source of b: "),
        (|plan| plan.steps[0].runtime.as_mut().unwrap().digest = None, "in the plan, sql (not there) now"),
        (|plan| plan.steps[0].transactional = false, "transaction of b: its own in the plan, none now"),
        (
            |plan| plan.steps[0].permissions = plan.steps[0].permissions.with(Class::Role),
            "permissions of b: data and schema in the plan, data, schema and role now",
        ),
        (|plan| plan.settings.role = Some("app".to_owned()), "role: none in the plan, app now"),
        (|plan| plan.settings.statement_timeout_milliseconds = 5, "statement timeout: 0 ms in the plan, 5 ms now"),
        (|plan| plan.settings.limits.clear(), "limit memory: 512 MiB in the plan, none now"),
        (
            |plan| plan.options.args.push(("a".to_owned(), "b".to_owned())),
            "arguments of the run: none in the plan, a=b now",
        ),
        (|plan| plan.settings.log_table = "log".to_owned(), "log table: host_log in the plan, log now"),
    ];
    for (change, expected) in cases {
        let mut now = example();
        change(&mut now);
        let differences = example().differences(&now);
        let [difference] = differences.as_slice() else { panic!("{expected}: {differences:?}") };
        assert!(difference.to_string().contains(expected), "{difference}");
    }
    assert_eq!(example().differences(&example()), []);
}

#[test]
fn another_format_and_unknown_keys_are_refused() {
    let json = example().to_json().unwrap();
    for (from, to, expected) in [
        ("\"format\":1", "\"format\":2", "it has format 2, and this host reads format 1"),
        ("\"format\":1,", "", "missing field `format`"),
        ("\"notes\"", "\"remarks\"", "unknown field `remarks`"),
        ("\"transactional\":true", "\"transactional\":true,\"online\":true", "unknown field `online`"),
        ("\"query\"", "\"superuser\"", "unknown class `superuser`"),
    ] {
        let error = PreparedPlan::from_json(json.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    // The rest of another format may be anything.
    let error = PreparedPlan::from_json(b"{\"format\": 7, \"steps\": 5}").unwrap_err();
    assert_eq!(error.to_string(), "it has format 7, and this host reads format 1");
}

#[test]
fn all_keys_of_a_document_have_one_style() {
    let mut plan = example();
    plan.settings.limits = [("guest-time".to_owned(), "1 min".to_owned())].into();
    let json = plan.to_json().unwrap();
    assert!(json.contains("\"limits\":{\"guest_time\":\"1 min\"}"), "{json}");
    // A plan of an earlier version has them as in host.toml.
    for json in [json.clone(), json.replace("guest_time", "guest-time")] {
        assert_eq!(PreparedPlan::from_json(json.as_bytes()).unwrap(), plan);
    }
}
