//! The server on which shadow databases are made.

use std::path::Path;

use clap::Args;

use crate::cli::failure::Failure;
use crate::cli::settings::Settings;
use crate::cli::variables::Variables;
use crate::db::Connector;
use crate::digest::Digest;
use crate::project::Project;
use crate::schema::shadows::ShadowPlace;

/// The template of the development cluster: the extensions that host.toml names are in it.
const CLUSTER_TEMPLATE: &str = "template1";

/// Where shadows are made, if not where host.toml says.
#[derive(Debug, Args)]
pub(in crate::cli) struct ShadowArguments {
    /// Make shadow databases on this server [default: schema.shadow-url of host.toml, else the development cluster]
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) shadow_url: Option<String>,
}

impl Settings {
    /// Where shadows are made. Starts the development cluster where no server is named.
    pub(in crate::cli) fn shadow_place(
        &self,
        project: Option<&Project>,
        arguments: &ShadowArguments,
    ) -> Result<ShadowPlace, Failure> {
        let variables = project.map(Variables::of).transpose()?.unwrap_or_default();
        let setting = project.and_then(|project| project.environment().schema.shadow_url.as_ref());
        let (url, source) = match (&arguments.shadow_url, setting) {
            (Some(url), _) => (url.clone(), "--shadow-url".to_owned()),
            (None, Some(setting)) => (setting.expand(&|name| variables.lookup(name))?, setting.place()),
            (None, None) => return self.cluster_place(project),
        };
        self.keep_secret(&url);
        if url == "local:" {
            return self.cluster_place(project);
        }
        let url = self.completed(&url, &variables)?;
        let connector = self.shadow_connector(project, &url, &source)?;
        Ok(ShadowPlace { project: self.project_key(project)?, ..ShadowPlace::new(connector, &source) })
    }

    fn cluster_place(&self, project: Option<&Project>) -> Result<ShadowPlace, Failure> {
        let Some(project) = project else {
            return Err(Failure::new(
                "no-project",
                "there is no server for the shadow databases: this folder belongs to no project with a development cluster",
                "name a server with --shadow-url, or run the command in a project",
            ));
        };
        let url = self.start_cluster(true)?;
        let connector = self.shadow_connector(Some(project), &url, "the development cluster")?;
        let extensions = project.environment().local_extensions.join(",");
        Ok(ShadowPlace {
            template: CLUSTER_TEMPLATE.to_owned(),
            project: self.project_key(Some(project))?.map(|key| format!("{key}{}", hexadecimal(&extensions))),
            ..ShadowPlace::new(connector, "the development cluster")
        })
    }

    fn shadow_connector(&self, project: Option<&Project>, url: &str, source: &str) -> Result<Connector, Failure> {
        let connector = match project {
            Some(project) => project.connector(url),
            None => Connector::new(url, concat!("host ", env!("CARGO_PKG_VERSION"))),
        };
        let connector = connector.map_err(|error| crate::cli::connecting::not_connected(&error, source))?;
        Ok(connector.with_role(None).with_restricted_role(false))
    }

    /// What tells the shadows of this project from those of others.
    fn project_key(&self, project: Option<&Project>) -> Result<Option<String>, Failure> {
        if project.is_none() {
            return Ok(None);
        }
        let folder = self.project_folder()?;
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        Ok(Some(hexadecimal(&Path::new(&folder).to_string_lossy())))
    }
}

/// Sixteen hexadecimal digits that stand for a text.
fn hexadecimal(text: &str) -> String {
    Digest::of(text.as_bytes()).to_string().chars().take(16).collect()
}
