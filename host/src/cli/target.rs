//! Which database a command works on: what names it, and where that stands.

use serde_json::Value;
use serde_json::json;

use super::failure::Failure;
use super::settings::DIRECT_URL_VARIABLE;
use super::settings::Settings;
use super::variables::Variables;
use super::variables::variable;
use crate::config::DEFAULT_ENVIRONMENT;
use crate::config::UrlSetting;
use crate::config::database_url;
use crate::db::Connector;
use crate::db::Location;
use crate::db::location::Server;
use crate::project::Project;

/// The url of the development cluster.
const LOCAL_URL: &str = "local:";

/// Where a url comes from that stands above everything.
const URL_ARGUMENT: &str = "--url";

/// What names the database, before anything is started or opened.
#[derive(Clone)]
pub(super) struct Named {
    /// The url, without variables. [`LOCAL_URL`] is the development cluster.
    pub(super) url: String,
    /// Where it stands, for people: an option, a variable, a key of host.toml.
    source: String,
}

/// A database to connect to.
pub(super) struct Target {
    url: String,
    source: String,
    environment: String,
    is_cluster: bool,
    location: Location,
    /// Where reading goes, if that is another way to it: through a pooler.
    for_reading: Option<Location>,
}

impl Named {
    /// Whether it is the development cluster of the project.
    pub(super) fn is_cluster(&self) -> bool {
        self.url == LOCAL_URL
    }
}

impl Target {
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Where the url comes from, for people.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Which database it is.
    pub(super) fn location(&self) -> &Location {
        &self.location
    }

    /// All that is known of where it is. Nothing for the development cluster, which belongs to the project.
    pub(super) fn locations(&self) -> Vec<&Location> {
        if self.is_cluster {
            return Vec::new();
        }
        std::iter::once(&self.location).chain(&self.for_reading).collect()
    }

    /// Whether it is the development cluster of the project.
    pub(super) fn is_cluster(&self) -> bool {
        self.is_cluster
    }

    /// The database for programs.
    pub(super) fn document(&self) -> Value {
        let Location { user, server, port, database } = &self.location;
        let (host, socket) = match server {
            Server::Host(host) => (Some(host), None),
            Server::Socket(folder) => (None, Some(folder)),
        };
        json!({
            "user": user,
            "host": host,
            "socket": socket,
            "port": port,
            "database": database,
            "source": self.source,
            "environment": self.environment,
            "development_cluster": self.is_cluster,
        })
    }

    /// The database for people, and what named it.
    fn line(&self) -> String {
        let cluster = if self.is_cluster { "the development cluster, " } else { "" };
        let environment = match self.environment.as_str() {
            DEFAULT_ENVIRONMENT => String::new(),
            name => format!(", environment {name}"),
        };
        format!("database {} ({cluster}from {}{environment})", self.location, self.source)
    }
}

impl Settings {
    /// What names the database for reading. What was chosen explicitly counts first: `--url`, then the section that `--env`
    /// names, if it has a url of its own; then variables, then what host.toml says without being asked.
    pub(super) fn named(&self, project: &Project) -> Result<Named, Failure> {
        self.named_by(project, &Variables::of(project)?)
    }

    pub(super) fn named_by(&self, project: &Project, variables: &Variables) -> Result<Named, Failure> {
        let named = self.named_as_written(project, variables)?;
        if project.config().alembic().is_none() {
            return Ok(named);
        }
        // Such a project's variables are written for SQLAlchemy.
        self.keep_secret(&named.url);
        Ok(Named { url: database_url::without_driver(&named.url).into_owned(), ..named })
    }

    fn named_as_written(&self, project: &Project, variables: &Variables) -> Result<Named, Failure> {
        if let Some(url) = self.named_url() {
            return Ok(Named { url: url.to_owned(), source: URL_ARGUMENT.to_owned() });
        }
        let environment = project.environment();
        let given = if self.section_is_chosen(project) { None } else { variables.database_url() };
        match (given, &environment.url) {
            (Some((url, source)), _) => Ok(Named { url, source }),
            (None, Some(setting)) => of_setting(setting, variables),
            (None, None) => Err(Failure::new(
                "configuration",
                format!("no database url: section [{}] of host.toml has none", self.environment()),
                "set `url` there, or HOST_DATABASE_URL, or use --url",
            )),
        }
    }

    /// Whether a section was named that names a database.
    fn section_is_chosen(&self, project: &Project) -> bool {
        self.environment_is_named() && project.environment().names_a_database()
    }

    /// The database for reading. Starts the development cluster if that is what the settings name.
    pub(super) fn target(&self, project: &Project) -> Result<Target, Failure> {
        let variables = Variables::of(project)?;
        let named = self.named_by(project, &variables)?;
        self.note_what_is_not_used(project, &named, &variables);
        self.resolve(project, named, &variables, false)
    }

    /// The database for writing: past a pooler, where the settings name a way. Says first of all which one it is.
    pub(super) fn target_to_write(&self, project: &Project) -> Result<Target, Failure> {
        let target = self.unpooled_target(project)?;
        self.report().note(&target.line());
        Ok(target)
    }

    /// The same without a word, for what writes nothing and still cannot go through a pooler.
    pub(super) fn unpooled_target(&self, project: &Project) -> Result<Target, Failure> {
        let variables = Variables::of(project)?;
        let named = self.named_by(project, &variables)?;
        self.note_what_is_not_used(project, &named, &variables);
        Ok(match self.direct(project, &named, &variables)? {
            Some(direct) => {
                let for_reading = self.location_of(project, &named.url, &variables);
                Target { for_reading, ..self.resolve(project, direct, &variables, true)? }
            }
            None => self.resolve(project, named, &variables, true)?,
        })
    }

    /// The same where nothing has to be started for it and nothing is wrong with it; what is wrong is told elsewhere.
    pub(super) fn target_in_reach(&self, project: &Project) -> Option<Target> {
        let variables = Variables::of(project).ok()?;
        let named = self.named_by(project, &variables).ok()?;
        let named = self.direct(project, &named, &variables).ok()?.unwrap_or(named);
        if named.is_cluster() { None } else { self.resolve(project, named, &variables, true).ok() }
    }

    /// The same as an event of JSON, for commands that print events.
    pub(super) fn announced_target(&self, project: &Project) -> Result<Target, Failure> {
        let target = self.target_to_write(project)?;
        if self.report().is_json() {
            let mut document = target.document();
            document["event"] = json!("database");
            self.report().document(&document);
        }
        Ok(target)
    }

    /// What names the way past a pooler, if it is another one than for reading.
    ///
    /// `direct-url` of host.toml is the same database as the `url` beside it. So it counts only where that `url` is the one
    /// in effect: a variable may name another database. And so may `HOST_DIRECT_URL` where a section was chosen.
    fn direct(&self, project: &Project, named: &Named, variables: &Variables) -> Result<Option<Named>, Failure> {
        if named.source == URL_ARGUMENT {
            return Ok(None);
        }
        let environment = project.environment();
        if !self.section_is_chosen(project)
            && let Some(url) = variable(DIRECT_URL_VARIABLE)
        {
            return Ok(Some(Named { url, source: DIRECT_URL_VARIABLE.to_owned() }));
        }
        let Some(direct) = &environment.direct_url else { return Ok(None) };
        let configured = environment.url.as_ref().and_then(|url| url.expand(&|name| variables.lookup(name)).ok());
        let configured = configured.as_deref().map(|url| match project.config().alembic() {
            Some(_) => database_url::without_driver(url),
            None => url.into(),
        });
        if configured.as_deref() != Some(named.url.as_str()) {
            return Ok(None);
        }
        of_setting(direct, variables).map(Some)
    }

    /// Says which variables name another database than the section that was chosen.
    fn note_what_is_not_used(&self, project: &Project, named: &Named, variables: &Variables) {
        if named.source == URL_ARGUMENT || !self.section_is_chosen(project) {
            return;
        }
        let environment = self.environment();
        let other = variables.database_url().filter(|(url, _)| !is_same(url, &named.url));
        if let Some((url, source)) = other {
            self.keep_secret(&url);
            self.report().note(&format!(
                "{source} names another database and is not used: section [{environment}] was chosen and has a url"
            ));
        }
        let direct = variable(DIRECT_URL_VARIABLE).filter(|_| project.environment().direct_url.is_none());
        if direct.is_some() {
            self.report().note(&format!(
                "{DIRECT_URL_VARIABLE} is not used: section [{environment}] was chosen and has a url; `direct-url` there may take it"
            ));
        }
    }

    /// From what names a database to where it is.
    fn resolve(
        &self,
        project: &Project,
        named: Named,
        variables: &Variables,
        is_announced: bool,
    ) -> Result<Target, Failure> {
        // What the arguments and the environment have was made secret before anything else.
        self.keep_secret(&named.url);
        let is_cluster = named.is_cluster();
        let url = if is_cluster { self.start_cluster(is_announced)? } else { self.completed(&named.url, variables)? };
        let connector =
            project.connector(&url).map_err(|error| super::connecting::not_connected(&error, &named.source))?;
        Ok(Target {
            url,
            source: named.source,
            environment: project.environment().name.clone(),
            is_cluster,
            location: connector.location(),
            for_reading: None,
        })
    }

    /// Where a url leads, if that can be said without starting anything.
    fn location_of(&self, project: &Project, url: &str, variables: &Variables) -> Option<Location> {
        let complete = database_url::with_defaults(url, &|name| variables.of_libpq(name));
        project.connector(&complete).ok().map(|connector| connector.location())
    }

    /// A url with what it leaves out. Refuses variables that the driver would pass over.
    pub(super) fn completed(&self, url: &str, variables: &Variables) -> Result<String, Failure> {
        // A url with something wrong in it is told as it is written.
        if database_url::check(url).is_err() {
            return Ok(url.to_owned());
        }
        let value = |name: &str| {
            let value = variable(name).or_else(|| variables.of_libpq(name));
            value.filter(|_| database_url::leaves_out(url, name))
        };
        let refuse = |name: &str, must_be: &str| {
            Err(Failure::new(
                "configuration",
                format!("{name} is not {must_be}"),
                format!("correct {name}, or unset it"),
            ))
        };
        if value("PGSSLMODE").is_some_and(|mode| !database_url::is_ssl_mode(&mode)) {
            return refuse("PGSSLMODE", "one of disable, allow, prefer, require, verify-ca or verify-full");
        }
        if value("PGPORT").is_some_and(|port| !port.parse::<u16>().is_ok_and(|port| port > 0)) {
            return refuse("PGPORT", "a number from 1 to 65535");
        }
        let complete = database_url::with_defaults(url, &|name| variables.of_libpq(name));
        self.keep_secret(&complete);
        Ok(complete)
    }

    /// The environments of which a url or `direct-url` names this database, wherever it is known to be; without a place, those
    /// of the development cluster. A url whose variables are not set names none.
    pub(super) fn environments_of(&self, project: &Project, places: &[&Location]) -> Result<Vec<String>, Failure> {
        let variables = Variables::of(project)?;
        let is_it = |setting: &UrlSetting| {
            let Ok(url) = setting.expand(&|name| variables.lookup(name)) else { return false };
            self.keep_secret(&url);
            if places.is_empty() || url == LOCAL_URL {
                return places.is_empty() && url == LOCAL_URL;
            }
            let location = self.location_of(project, &url, &variables);
            location.is_some_and(|other| places.iter().any(|place| other.is_same_database(place)))
        };
        let environments = project.config().environments().filter(|environment| {
            // What a section takes from [default] is not its own database.
            let own = [&environment.url, &environment.direct_url].into_iter().flatten();
            own.filter(|setting| setting.section() == environment.name).any(&is_it)
        });
        Ok(environments.map(|environment| environment.name.clone()).collect())
    }

    pub(super) fn keep_secret(&self, url: &str) {
        self.report().secrets().keep(url);
    }

    /// Keeps the passwords of all urls of the settings secret, as far as their variables are set.
    pub(super) fn keep_urls_secret(&self, project: &Project) {
        let variables = Variables::of(project).unwrap_or_default();
        let urls = project.config().urls().filter_map(|url| url.expand(&|name| variables.lookup(name)).ok());
        urls.chain(variables.database_url().map(|(url, _)| url)).for_each(|url| self.keep_secret(&url));
    }
}

fn of_setting(setting: &UrlSetting, variables: &Variables) -> Result<Named, Failure> {
    let url = setting.expand(&|name| variables.lookup(name))?;
    Ok(Named { url, source: setting.place() })
}

/// Whether two urls name one database. One that cannot be read names none.
fn is_same(one: &str, other: &str) -> bool {
    let location = |url: &str| Connector::new(url, "").ok().map(|connector| connector.location());
    one == other || location(one).is_some_and(|one| location(other).is_some_and(|other| one == other))
}
