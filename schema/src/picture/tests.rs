use super::*;

fn column(name: &str, data_type: &str, flags: &str) -> Column {
    Column {
        name: name.to_owned(),
        data_type: data_type.to_owned(),
        not_null: flags.contains('n'),
        primary: flags.contains('p'),
        unique: flags.contains('u'),
    }
}

fn table(schema: &str, name: &str, columns: Vec<Column>) -> Table {
    Table { schema: schema.to_owned(), name: name.to_owned(), kind: "table".to_owned(), columns }
}

fn reference(from: (&str, &str), columns: &[&str], to: (&str, &str), to_columns: &[&str], optional: bool) -> Reference {
    let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let pair = |pair: (&str, &str)| (pair.0.to_owned(), pair.1.to_owned());
    Reference {
        name: format!("{}_{}_fkey", from.1, columns.join("_")),
        from: pair(from),
        columns: own(columns),
        to: pair(to),
        to_columns: own(to_columns),
        optional,
        unique: false,
    }
}

fn restaurant() -> Picture {
    Picture {
        tables: vec![
            table(
                "public",
                "bookings",
                vec![
                    column("guest", "bigint", "pn"),
                    column("at", "timestamp with time zone", "pn"),
                    column("place", "integer", ""),
                ],
            ),
            table("public", "guests", vec![column("id", "bigint", "pn"), column("email", "text", "nu")]),
            table("public", "notes", vec![column("text", "text", "")]),
            table(
                "public",
                "orders",
                vec![
                    column("id", "bigint", "pn"),
                    column("guest", "bigint", "n"),
                    column("at", "timestamp with time zone", "n"),
                    column("total", "numeric(10,2)", "n"),
                ],
            ),
        ],
        references: vec![
            reference(("public", "bookings"), &["guest"], ("public", "guests"), &["id"], false),
            reference(("public", "orders"), &["guest", "at"], ("public", "bookings"), &["guest", "at"], false),
        ],
    }
}

#[test]
fn a_tree_has_columns_keys_and_references() {
    assert_eq!(
        tree(&restaurant()),
        "\
public
├── bookings
│   ├── guest  bigint                    primary key, → guests (id)
│   ├── at     timestamp with time zone  primary key
│   └── place  integer
├── guests
│   ├── id     bigint  primary key
│   └── email  text    unique, not null
├── notes
│   └── text  text
└── orders
    ├── id     bigint                    primary key
    ├── guest  bigint                    not null
    ├── at     timestamp with time zone  not null
    ├── total  numeric(10,2)             not null
    └── (guest, at) → bookings (guest, at)
"
    );
}

#[test]
fn mermaid_has_words_that_it_can_read() {
    assert_eq!(
        mermaid(&restaurant()),
        "\
erDiagram
    \"bookings\" {
        bigint guest PK, FK
        timestamp_with_time_zone at PK
        integer place
    }
    \"guests\" {
        bigint id PK
        text email UK
    }
    \"notes\" {
        text text
    }
    \"orders\" {
        bigint id PK
        bigint guest FK
        timestamp_with_time_zone at FK
        numeric(10_2) total
    }
    \"bookings\" }o--|| \"guests\" : \"guest\"
    \"orders\" }o--|| \"bookings\" : \"guest, at\"
"
    );
}

#[test]
fn references_lead_to_the_left() {
    let picture = restaurant();
    // Guests, bookings, orders; notes stand alone behind them.
    assert_eq!(layout::layers(&picture), [vec![1], vec![0], vec![3], vec![2]]);
    assert!(svg(&picture).contains("<path class=\"key\""));
}

#[test]
fn circles_are_drawn_too() {
    let mut picture = restaurant();
    picture.references.push(reference(("public", "guests"), &["id"], ("public", "orders"), &["id"], true));
    picture.references.push(reference(("public", "guests"), &["id"], ("public", "guests"), &["id"], true));
    picture.references.push(reference(("public", "guests"), &["id"], ("elsewhere", "nothing"), &["id"], true));
    let places: usize = layout::layers(&picture).iter().map(Vec::len).sum();
    assert_eq!(places, picture.tables.len());
    assert_eq!(svg(&picture).matches("<path class=\"key\"").count(), 5);
    assert!(mermaid(&picture).contains("\"guests\" }o--o| \"orders\""));
}

#[test]
fn a_long_chain_uses_no_deep_stack() {
    let name = |number: usize| format!("t{number:06}");
    let tables = (0..100_000).map(|number| table("s", &name(number), vec![column("id", "int", "pn")])).collect();
    let link = |number| reference(("s", &name(number)), &["id"], ("s", &name(number + 1)), &["id"], false);
    let picture = Picture { tables, references: (0..99_999).map(link).collect() };
    assert_eq!(layout::layers(&picture).len(), 100_000);
}

#[test]
fn names_are_text_and_nothing_else() {
    let hostile = "x\"]; <script>alert(1)</script> & \\ \u{1} \n}";
    let mut picture = restaurant();
    picture.tables.push(table("other", hostile, vec![column(hostile, hostile, "")]));
    picture.references.push(reference(("other", hostile), &[hostile], ("public", "guests"), &["id"], false));
    for text in [svg(&picture), dot(&picture)] {
        assert!(!text.contains("<script>"), "{text}");
        assert!(text.contains("&lt;script&gt;"), "{text}");
    }
    let diagram = mermaid(&picture);
    assert!(diagram.lines().all(|line| line.matches('"').count() % 2 == 0), "{diagram}");
    let graph = dot(&picture);
    assert!(graph.contains("t4:c0 -> t1:c0 [tooltip=\"x&quot;]; &lt;script"), "{graph}");
    assert!(graph.contains("&amp; \\\\ "), "{graph}");
}
