use super::*;

/// A piece of each password below. It must be in no message.
const PIECE: &str = "s3cret";

#[test]
fn urls_that_say_one_thing_are_taken() {
    for url in [
        "postgres://",
        "postgresql://",
        "postgres://db.example",
        "postgresql://me@db.example:5433/shop",
        "postgres://me:p%40ss%2Fw%3Ard%23%3F%25@db.example/shop",
        // libpq, the driver and RFC 3986 read the first colon only.
        "postgres://me:a:b:c@db.example/shop",
        "postgres://me@[::1]:5432/shop",
        "postgres://me@%2Fvar%2Frun%2Fpostgresql/shop",
        "postgres:///shop?host=/var/run/postgresql&user=me@azure&sslmode=disable",
        "postgres://db/shop?application_name=me@shop&options=-c%20search_path%3Dapp&options[work_mem]=1MB",
        "postgres://db/shop?sslmode=VERIFY-FULL&sslrootcert=/etc/ca.pem&connect_timeout=10",
        "postgres://db/shop?keepalives=1&target_session_attrs=read-write&channel_binding=prefer",
        " postgres://db/shop\n",
    ] {
        assert_eq!(check(url), Ok(()), "{url}");
    }
}

#[test]
fn a_password_that_is_not_encoded_is_told_and_not_shown() {
    let before = "it has an '@' where none can be: the user or the password has a character before it that ends them";
    for (url, reason) in [
        ("postgres://me:s3cret@word@db/shop", "it has two '@' before the database: one in the user or the password"),
        ("postgres://me@azure:s3cret@db/shop", "it has two '@' before the database: one in the user or the password"),
        ("postgres://me:s3cret/word@db/shop", before),
        ("postgres://me:12/s3cret@db/shop", before),
        ("postgres://me:s3cret?word@db/shop", before),
        ("postgres://me:12?s3cret=word@db/shop", before),
        ("postgres://me:s3cret#word@db/shop", before),
        ("postgres://me:12#s3cret@db/shop", before),
        ("postgres://me:a@s3cret/b@db/shop", before),
        ("postgres://me:a?s3cret&b=c@db/shop", before),
        ("postgres://me:x@y?s3cret=1@db/shop", before),
        ("postgres://me:s3cret%@db/shop", "it has a '%' without two hexadecimal digits behind it"),
        ("postgres://me:100%s3cret@db/shop", "it has a '%' without two hexadecimal digits behind it"),
        ("postgres://me:%00s3cret@db/shop", "it has a '%' without two hexadecimal digits behind it"),
        ("postgres://me@db/shop?password=%s3cret", "it has a '%' without two hexadecimal digits behind it"),
        ("postgres://me@db/shop#s3cret", "it has a '#', behind which nothing of a url is read"),
        ("postgres://me:s3cret/db", "its port is not a number from 1 to 65535"),
        ("postgres://me:s3cret:5432/db", "its port is not a number from 1 to 65535"),
        ("postgres://db/shop?password=a&s3cret=b", "it has a parameter that host does not know"),
        ("postgres://db/shop?password=a&s3cret", "one of its parameters has no value"),
        ("postgres://db/shop?s3cret", "one of its parameters has no value"),
    ] {
        let problem = check(url).expect_err(url);
        assert_eq!(problem.reason, reason, "{url}");
        assert!(
            problem.hint.contains("%40 for @") || problem.hint.starts_with("leave it out"),
            "{url}: {}",
            problem.hint
        );
        assert!(!format!("{problem:?}").contains(PIECE), "{problem:?}");
    }
}

/// Whatever stands in a password, it is encoded, or told; no piece of it is shown.
#[test]
fn no_message_has_a_piece_of_a_password() {
    const CHARACTERS: [&str; 13] = ["@", "/", ":", "#", "?", "%", "&", "=", "[", "]", " ", "\\", "\""];
    for first in CHARACTERS {
        for second in CHARACTERS {
            for form in [
                format!("postgres://me:s3cret{first}s3cret{second}s3cret@db.example:5432/shop"),
                format!("postgres://me:{first}s3cret{second}@db.example/shop?sslmode=require"),
                format!("postgresql+psycopg://me:s3cret{first}{second}s3cret@db.example/shop"),
                format!("postgres://db.example/shop?password=s3cret{first}s3cret{second}s3cret&sslmode=nonsense"),
                format!("jdbc:postgresql://db.example/shop?password=s3cret{first}s3cret{second}s3cret"),
                format!("host=db.example password=s3cret{first}s3cret{second}s3cret"),
                format!("s3cret{first}s3cret{second}s3cret"),
            ] {
                if let Err(problem) = check(&form) {
                    assert!(!format!("{problem:?}").contains(PIECE), "{form}: {problem:?}");
                }
            }
        }
    }
}

#[test]
fn urls_of_other_programs_are_recognised() {
    for (url, reason, hint) in [
        (
            "postgresql+psycopg://me:s3cret@db/x",
            "it names the driver psycopg behind the '+', as SQLAlchemy does",
            "write postgresql://",
        ),
        (
            "postgresql+asyncpg://db/x",
            "it names the driver asyncpg behind the '+', as SQLAlchemy does",
            "write postgresql://",
        ),
        ("postgres+s3cret://db/x", "it names a driver behind the '+', as SQLAlchemy does", "write postgresql://"),
        ("jdbc:postgresql://db/x?user=me&password=s3cret", "it is one of JDBC", "leave out jdbc:"),
        ("jdbc:postgresql:x", "it is one of JDBC", "leave out jdbc:"),
        ("jdbc:mysql://db/x", "it is one of MySQL, and host works with PostgreSQL", "write it as postgres://"),
        ("mysql+pymysql://me:s3cret@db/x", "it is one of MySQL, and host works with PostgreSQL", "write it as"),
        ("sqlite:///x.db", "it is one of SQLite, and host works with PostgreSQL", "write it as"),
        ("POSTGRES://db/x", "it does not begin with postgres:// in small letters", "write postgres:// in small"),
        (
            "pgsql://db/x",
            "it begins with pgsql://, which only some other programs take for PostgreSQL",
            "write postgres://",
        ),
        ("postgres:db/x", "it has no '//' behind postgres:", "write it as"),
        ("\"postgres://db/x\"", "it begins with a quotation mark", "leave the quotation marks out"),
        ("host=db password=s3cret", "it is a list of keywords and values (host=… dbname=…), not a url", "write it as"),
        ("local", "it does not begin with postgres://", "write local:"),
        ("s3cret", "it does not begin with postgres://", "write it as"),
        (
            "postgres://me:s3\ncret@db/x",
            "it has a line break or another control character in it",
            "write it in one line",
        ),
        ("postgres://a,b/x", "it names several servers", "name the one to migrate"),
        ("postgres://a:1,b:2/x", "it names several servers", "name the one to migrate"),
        ("postgres://[::1/x", "its IPv6 address has no ']' at the end", "write it as [::1]"),
        ("postgres://db:65536/x", "its port is not a number from 1 to 65535", "write it as"),
        ("postgres://db:0/x", "its port is not a number from 1 to 65535", "write it as"),
    ] {
        let problem = check(url).expect_err(url);
        assert_eq!(problem.reason, reason, "{url}");
        assert!(problem.hint.starts_with(hint), "{url}: {}", problem.hint);
        assert!(!format!("{problem:?}").contains(PIECE), "{problem:?}");
    }
}

#[test]
fn parameters_without_an_effect_are_refused() {
    let unknown = |name: &str| format!("it has a parameter '{name}' that host does not know");
    for (parameter, reason, hint) in [
        ("ssl_mode=require", unknown("ssl_mode"), "did you mean `sslmode`?"),
        ("sslMode=require", unknown("sslMode"), "did you mean `sslmode`?"),
        ("SSLMODE=require", unknown("SSLMODE"), "did you mean `sslmode`?"),
        ("slmode=require", unknown("slmode"), "did you mean `sslmode`?"),
        ("ssl-rootcert=x", unknown("ssl-rootcert"), "did you mean `sslrootcert`?"),
        (
            "connectTimeout=1",
            "its parameter connecttimeout is one of JDBC".to_owned(),
            "write connect_timeout, in seconds",
        ),
        (
            "ssl=true",
            "its parameter ssl is one of other drivers".to_owned(),
            "write sslmode=require, or sslmode=verify-full",
        ),
        ("ssl=false", "its parameter ssl is one of other drivers".to_owned(), "write sslmode=disable"),
        ("schema=app", "its parameter schema is one of Prisma".to_owned(), "write options=-c%20search_path%3DSCHEMA"),
        (
            "currentSchema=app",
            "its parameter currentschema is one of JDBC".to_owned(),
            "write options=-c%20search_path",
        ),
        (
            "pgbouncer=true",
            "its parameter pgbouncer is one of Prisma".to_owned(),
            "leave it out, and name the way past",
        ),
        (
            "connection_limit=1",
            "its parameter connection_limit is one of Prisma".to_owned(),
            "leave it out: host opens one",
        ),
        (
            "channel_binding=require",
            "host cannot do what its parameter channel_binding asks for".to_owned(),
            "leave it out",
        ),
        (
            "target_session_attrs=standby",
            "host cannot do what its parameter target_session_attrs asks for".to_owned(),
            "leave",
        ),
        (
            "service=x",
            "its parameter service is one of libpq's that host does not have".to_owned(),
            "leave service out",
        ),
        (
            "x-migrations-table=a",
            "its parameter x-migrations-table is one of golang-migrate".to_owned(),
            "leave it out: `version-table`",
        ),
        ("nonsense=1", unknown("nonsense"), "leave it out, or write one of sslmode,"),
        ("a%20b=1", "it has a parameter that host does not know".to_owned(), "leave it out"),
        ("port=x", "its parameter port is not a number from 1 to 65535".to_owned(), "write port=5432"),
        (
            "connect_timeout=soon",
            "its parameter connect_timeout is not a number of seconds".to_owned(),
            "write connect_timeout=10",
        ),
    ] {
        let problem = check(&format!("postgres://me:pw@db/shop?sslmode=disable&{parameter}")).expect_err(parameter);
        assert_eq!(problem.reason, reason, "{parameter}");
        assert!(problem.hint.starts_with(hint), "{parameter}: {}", problem.hint);
    }
}

#[test]
fn values_of_sslmode() {
    let reason = "its parameter sslmode is not one of disable, allow, prefer, require, verify-ca or verify-full";
    for (value, hint) in [
        ("no-verify", "write sslmode=require, which encrypts"),
        ("true", "write sslmode=require, or"),
        ("false", "write sslmode=disable"),
        ("verify_full", "did you mean sslmode=verify-full?"),
        ("requier", "did you mean sslmode=require?"),
        ("", "write sslmode=verify-full"),
    ] {
        let problem = check(&format!("postgres://db/shop?sslmode={value}")).expect_err(value);
        assert_eq!(problem.reason, reason);
        assert!(problem.hint.starts_with(hint), "{value}: {}", problem.hint);
    }
    assert!(is_ssl_mode("Verify-CA") && !is_ssl_mode("verify_ca"));
}

#[test]
fn how_long_to_connect() {
    let seconds = |url: &str| connect_timeout(url).map(|time| time.as_secs());
    assert_eq!(seconds("postgres://db/x?connect_timeout=5"), Some(5));
    assert_eq!(seconds("postgres://db/x?connect_timeout=5&connect_timeout=7"), Some(7));
    for url in ["postgres://db/x", "postgres://db/x?connect_timeout=0", "postgres://db/x?connect_timeout=-1"] {
        assert_eq!(seconds(url), None, "{url}");
    }
}

#[test]
fn a_driver_of_sqlalchemy_can_be_left_out() {
    for (url, without) in [
        ("postgresql+asyncpg://me:a+b@db/shop", "postgresql://me:a+b@db/shop"),
        ("postgres+psycopg2://db", "postgres://db"),
        ("postgresql+other://db", "postgresql+other://db"),
        ("mysql+asyncpg://db", "mysql+asyncpg://db"),
        ("local:", "local:"),
    ] {
        assert_eq!(without_driver(url), without);
    }
}
