//! The shop that `audit` and `events` look at: where its data, its Redis and its payment provider
//! are, by the same variables that it runs with.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use boxoffice_dev::keys;
use boxoffice_host::Problem;
use boxoffice_ops::Sources;
use boxoffice_ops::bus::Bus;
use boxoffice_ops::provider::Provider;
use boxoffice_ops::schema::{self, Service};
use boxoffice_ops::store::{Database, Databases};

use crate::failure::{Failure, from_ops};
use crate::payments::Payments;
use crate::variables::{Declared, Layers, Variables, merge};

/// Where `up` keeps its data unless it is told otherwise.
const DATA: &str = ".boxoffice";

/// Which shop.
#[derive(clap::Args)]
pub(crate) struct Shop {
    /// The shop's manifest, which has the defaults of variables.
    #[arg(long, default_value = "spin.toml", value_name = "FILE", global = true)]
    manifest: PathBuf,
    /// The folder of the shop's data [default: .boxoffice].
    #[arg(long, value_name = "FOLDER", global = true)]
    data: Option<PathBuf>,
    /// A file of variables [default: variables.toml in the data folder, if there is one].
    /// SPIN_VARIABLE_<NAME> takes precedence over it.
    #[arg(long, value_name = "FILE", global = true)]
    variables: Option<PathBuf>,
}

/// What its variables are.
struct Known {
    declared: Declared,
    variables: Variables,
}

impl Shop {
    /// Everything that an audit reads.
    pub(crate) fn sources(&self) -> Result<Sources, Failure> {
        let known = self.known()?;
        let (redis, base, key) =
            (known.get("redis_url"), known.get("stripe_api_base"), known.get("stripe_api_key"));
        match (redis, base, key) {
            (Ok(redis), Ok(base), Ok(key)) => Ok(Sources {
                databases: self.databases_of(&known),
                bus: Bus::new(redis)?,
                provider: Provider::new(base, key),
                now: Arc::new(SystemTime::now),
            }),
            (redis, base, key) => {
                let problems = [redis.err(), base.err(), key.err()];
                Err(Failure::Unreadable(problems.into_iter().flatten().collect()))
            }
        }
    }

    /// Its Redis.
    pub(crate) fn bus(&self) -> Result<Bus, Failure> {
        let known = self.known()?;
        let url = known.get("redis_url").map_err(|problem| Failure::Unreadable(vec![problem]))?;
        Ok(Bus::new(url)?)
    }

    /// Its databases, if a Postgres or a folder is named, or the usual one has some.
    pub(crate) fn databases(&self) -> Result<Option<Databases>, Failure> {
        let known = self.known()?;
        let has_folder = self.data.is_some() || self.data().join("sqlite").is_dir();
        let variable = |name: &str| known.get(name).ok();
        let has_postgres = schema::ALL.iter().any(|service| postgres(service, variable).is_some());
        Ok((has_folder || has_postgres).then(|| self.databases_of(&known)))
    }

    /// The key that signs its sessions, in PEM, and the address where people reach it.
    pub(crate) fn signing_key(&self) -> Result<(String, String), Failure> {
        let known = self.known()?;
        known.both("auth_signing_key", "public_url")
    }

    /// The keys by which its services know each other, and the address where people reach it.
    pub(crate) fn event_keys(&self) -> Result<(String, String), Failure> {
        self.known()?.both("event_keys", "public_url")
    }

    /// Its databases, whether there is anything in them or not.
    pub(crate) fn all_databases(&self) -> Result<Databases, Failure> {
        Ok(self.databases_of(&self.known()?))
    }

    fn databases_of(&self, known: &Known) -> Databases {
        databases(self.data(), |name| known.get(name).ok())
    }

    fn data(&self) -> &Path {
        self.data.as_deref().unwrap_or(Path::new(DATA))
    }

    fn known(&self) -> Result<Known, Failure> {
        let usual = self.data().join(keys::FILE);
        let usual = usual.is_file().then_some(usual);
        let path = self.variables.as_ref().or(usual.as_ref());
        let Layers { declared, mut file, environment, problems } =
            Layers::read(&self.manifest, path.map(PathBuf::as_path));
        if !problems.is_empty() {
            return Err(Failure::Unreadable(problems));
        }
        // As `up` decides it: a key of one's own is not for the sandbox's address.
        Payments::decide(&mut file, &environment);
        Ok(Known { declared, variables: merge([file, environment]) })
    }
}

/// The folder's database, but for services that have a Postgres by one of these variables.
pub(crate) fn databases<'v>(
    folder: &Path,
    variable: impl Fn(&str) -> Option<&'v str>,
) -> Databases {
    let all = Databases::in_folder(folder);
    schema::ALL.iter().fold(all, |all, service| match postgres(service, &variable) {
        Some(url) => all.with(service.name, Database::Postgres(url.to_owned())),
        None => all,
    })
}

/// The Postgres that a service was given.
fn postgres<'v>(service: &Service, variable: impl Fn(&str) -> Option<&'v str>) -> Option<&'v str> {
    variable(service.db_url).map(str::trim).filter(|url| !url.is_empty())
}

impl Known {
    /// The values of two variables.
    fn both(&self, one: &str, other: &str) -> Result<(String, String), Failure> {
        match (self.get(one), self.get(other)) {
            (Ok(one), Ok(other)) => Ok((one.to_owned(), other.to_owned())),
            (one, other) => {
                Err(Failure::Unreadable([one.err(), other.err()].into_iter().flatten().collect()))
            }
        }
    }

    fn get(&self, name: &str) -> Result<&str, Problem> {
        let set = self.variables.get(name).map(String::as_str);
        set.or_else(|| self.declared.default_of(name)).ok_or_else(|| {
            let variable = name.to_uppercase();
            from_ops(boxoffice_ops::Problem::new(
                format!("the variable {name} has no value"),
                format!(
                    "name the shop's data folder with --data, its variables file with --variables \
                     or its manifest with --manifest, or set SPIN_VARIABLE_{variable}"
                ),
            ))
        })
    }
}
