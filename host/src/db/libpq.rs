//! The way to a database in the words of libpq, for programs of PostgreSQL that are started beside the host.
//!
//! They are environment variables of the program (PostgreSQL manual, "Environment Variables" of libpq): other users of the machine
//! see the arguments of a process, but not its environment.

use sqlx::ConnectOptions as _;

use super::connector::Connector;

/// What the driver writes in front of a file's name in its url.
const FILE: &str = "file: ";

/// Parameters of the driver's url that stand for a file, and the variables for them.
const FILES: [(&str, &str); 3] = [("sslrootcert", "PGSSLROOTCERT"), ("sslcert", "PGSSLCERT"), ("sslkey", "PGSSLKEY")];

impl Connector {
    /// The variables with which a program of PostgreSQL connects to the same database, as the same user. The password is among
    /// them, if there is one, wherever it came from.
    pub fn libpq_variables(&self) -> Vec<(&'static str, String)> {
        let options = self.options();
        let host = options
            .get_socket()
            .map_or_else(|| options.get_host().to_owned(), |socket| socket.to_string_lossy().into_owned());
        // The driver writes percent-encoded what it has understood.
        let url = options.to_url_lossy();
        let mut variables = vec![
            ("PGHOST", host),
            ("PGPORT", options.get_port().to_string()),
            ("PGUSER", self.user().to_owned()),
            ("PGDATABASE", self.database_name().to_owned()),
        ];
        variables.extend(url.password().map(|password| ("PGPASSWORD", decoded(password))));
        variables.extend(options.get_options().map(|options| ("PGOPTIONS", options.to_owned())));
        for (key, value) in url.query_pairs() {
            if key == "sslmode" {
                variables.push(("PGSSLMODE", value.into_owned()));
            } else if let Some((_, variable)) = FILES.iter().find(|(parameter, _)| *parameter == key) {
                // libpq takes no certificate that stands in the url itself.
                variables.extend(value.strip_prefix(FILE).map(|file| (*variable, file.to_owned())));
            }
        }
        variables
    }
}

/// A percent-encoded text. Forms are decoded in the same way, but for two characters that mean more there.
fn decoded(text: &str) -> String {
    let form = format!("_={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(form.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(url: &str) -> Vec<(&'static str, String)> {
        Connector::new(url, "test").expect("a url").libpq_variables()
    }

    fn value(url: &str, name: &str) -> Option<String> {
        variables(url).into_iter().find(|(variable, _)| *variable == name).map(|(_, value)| value)
    }

    #[test]
    fn a_program_goes_the_same_way() {
        let url = "postgres://me:p%40ss%2Fw+o%26rd@db.example:5433/shop?sslmode=verify-full&sslrootcert=/etc/ca.pem";
        for (name, expected) in [
            ("PGHOST", "db.example"),
            ("PGPORT", "5433"),
            ("PGUSER", "me"),
            ("PGDATABASE", "shop"),
            ("PGPASSWORD", "p@ss/w+o&rd"),
            ("PGSSLMODE", "verify-full"),
            ("PGSSLROOTCERT", "/etc/ca.pem"),
        ] {
            assert_eq!(value(url, name).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(value("postgres://me@localhost/shop?host=/run/pg", "PGHOST").as_deref(), Some("/run/pg"));
    }

    #[test]
    fn what_is_percent_encoded_is_decoded_once() {
        for (text, expected) in [("a%20b", "a b"), ("%2541", "%41"), ("a+b", "a+b"), ("%C3%A4=;&", "ä=;&"), ("", "")] {
            assert_eq!(decoded(text), expected, "{text}");
        }
    }
}
