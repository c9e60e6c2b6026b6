//! What a url leaves out, from variables that the driver cannot see because they are not those of the process.

use url::form_urlencoded::Serializer;

/// A part of a connection: the variables that name it, the first one first, and the parameters of a url that do.
struct Part {
    variables: &'static [&'static str],
    parameters: &'static [&'static str],
}

const HOST: Part = Part { variables: &["PGHOSTADDR", "PGHOST"], parameters: &["host", "hostaddr"] };
const PORT: Part = Part { variables: &["PGPORT"], parameters: &["port"] };
const USER: Part = Part { variables: &["PGUSER"], parameters: &["user"] };
const PASSWORD: Part = Part { variables: &["PGPASSWORD"], parameters: &["password"] };
const DATABASE: Part = Part { variables: &["PGDATABASE"], parameters: &["dbname"] };

/// What stands in parameters only.
const PARAMETERS: [Part; 5] = [
    Part { variables: &["PGSSLMODE"], parameters: &["sslmode", "ssl-mode"] },
    Part { variables: &["PGSSLROOTCERT"], parameters: &["sslrootcert", "ssl-root-cert", "ssl-ca"] },
    Part { variables: &["PGSSLCERT"], parameters: &["sslcert", "ssl-cert"] },
    Part { variables: &["PGSSLKEY"], parameters: &["sslkey", "ssl-key"] },
    Part { variables: &["PGOPTIONS"], parameters: &["options"] },
];

/// The url with what it leaves out, as parameters. `lookup` gives the values of `PG…` variables; where a part can be named by
/// several, the caller gives none if one of them is a variable of the process, which stands above.
pub fn with_defaults(url: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let url = url.trim();
    let Some((_, rest)) = url.split_once("://") else { return url.to_owned() };
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = before.split_once('/').unwrap_or((before, ""));
    let (user, server) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let (host, port) = match server.rfind(']') {
        Some(end) => server.split_at(end + 1),
        None => server.split_at(server.find(':').unwrap_or(server.len())),
    };
    let is_named = |part: &Part| {
        url::form_urlencoded::parse(query.as_bytes()).any(|(key, _)| part.parameters.contains(&key.as_ref()))
    };
    let mut more = Serializer::new(String::new());
    let mut add = |part: &Part, written: &str| {
        let value = part.variables.iter().find_map(|name| lookup(name));
        if let Some(value) = value.filter(|_| written.is_empty() && !is_named(part)) {
            more.append_pair(part.parameters[0], &value);
        }
    };
    add(&HOST, host);
    add(&PORT, port.trim_start_matches(':'));
    add(&USER, user);
    add(&PASSWORD, password);
    add(&DATABASE, path);
    PARAMETERS.iter().for_each(|part| add(part, ""));
    // A blank is a plus sign in forms of the web, and to libpq nothing but itself.
    let more = more.finish().replace('+', "%20");
    match (more.is_empty(), url.contains('?')) {
        (true, _) => url.to_owned(),
        (false, true) => format!("{url}&{more}"),
        (false, false) => format!("{url}?{more}"),
    }
}

/// Whether a url leaves out what this variable names.
pub fn leaves_out(url: &str, variable: &str) -> bool {
    with_defaults(url, &|name| (name == variable).then(|| "value".to_owned())) != url.trim()
}

/// The variables that name the same part of a connection as this one: whichever is there, the others say nothing.
pub fn same_part(variable: &str) -> &'static [&'static str] {
    let fixed = [&HOST, &PORT, &USER, &PASSWORD, &DATABASE];
    let part = fixed.into_iter().chain(&PARAMETERS).find(|part| part.variables.contains(&variable));
    part.map_or(&[], |part| part.variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_stays_and_the_rest_is_added() {
        let all = |name: &str| match name {
            "PGHOST" => Some("db.example".to_owned()),
            "PGPORT" => Some("5433".to_owned()),
            "PGUSER" => Some("me".to_owned()),
            "PGPASSWORD" => Some("a b&c@d".to_owned()),
            "PGDATABASE" => Some("shop".to_owned()),
            "PGSSLMODE" => Some("require".to_owned()),
            _ => None,
        };
        for (url, expected) in [
            (
                "postgres://",
                "postgres://?host=db.example&port=5433&user=me&password=a%20b%26c%40d&dbname=shop&sslmode=require",
            ),
            (
                "postgres://you@[::1]/x?sslmode=disable",
                "postgres://you@[::1]/x?sslmode=disable&port=5433&password=a%20b%26c%40d",
            ),
            ("postgres://you:p@h:1/x?ssl-mode=disable", "postgres://you:p@h:1/x?ssl-mode=disable"),
            (
                "postgres:///?hostaddr=1.2.3.4&port=1&user=u&password=p&dbname=d",
                "postgres:///?hostaddr=1.2.3.4&port=1&user=u&password=p&dbname=d&sslmode=require",
            ),
        ] {
            assert_eq!(with_defaults(url, &all), expected, "{url}");
        }
        assert_eq!(with_defaults("postgres://h", &|_| None), "postgres://h");
        assert!(leaves_out("postgres://h", "PGPORT") && !leaves_out("postgres://h:1", "PGPORT"));
        assert!(!leaves_out("postgres://h", "PGHOST") && !leaves_out("postgres://h", "PATH"));
        assert_eq!(same_part("PGHOST"), ["PGHOSTADDR", "PGHOST"]);
        assert_eq!(same_part("PATH"), [""; 0]);
    }
}
