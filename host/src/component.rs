//! Loading components: reading their files, composing and compiling what is not cached, linking.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use boxoffice_host_bindings::platform;
use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p3::bindings::http::client;

use crate::artifact::{Artifacts, Inputs, Key};
use crate::code::Code;
use crate::compose::Part;
use crate::outbound_http::TracedHttp;
use crate::plan::{self, Plan};
use crate::problem::Problem;
use crate::state::{Guest, State};

/// Components by id, ready to be instantiated.
pub(crate) type Loaded = BTreeMap<String, InstancePre<State>>;

/// The keys of compiled components, with the ids of those that have them.
pub(crate) type Keys = Vec<(Key, Vec<String>)>;

/// What came of loading.
#[derive(Default)]
pub(crate) struct Loading {
    pub(crate) loaded: Loaded,
    pub(crate) keys: Keys,
    pub(crate) problems: Vec<Problem>,
}

impl Loading {
    /// What keeps everything from being loaded.
    pub(crate) fn failed(problem: Problem) -> Self {
        Self { problems: vec![problem], ..Self::default() }
    }
}

/// Loads the components of a plan, several at a time. Takes seconds if they have to be compiled,
/// milliseconds if they have not: call it where blocking is allowed.
pub(crate) fn load(engine: &Engine, plan: &Plan, cache: &Path) -> Loading {
    let mut problems = Vec::new();
    let files = Files::read(plan, &mut problems);
    let linker = match linker(engine) {
        Ok(linker) => linker,
        Err(error) => {
            let what = format!("the host's own interfaces do not fit together: {error:#}");
            return Loading::failed(Problem::new(what, "report this as a bug"));
        }
    };
    let artifacts = match Artifacts::open(cache) {
        Ok(artifacts) => artifacts,
        Err(error) => {
            let what = format!("the folder {} cannot be used: {error:#}", cache.display());
            problems.push(Problem::new(what, "make it writable, or choose another folder"));
            return Loading { problems, ..Loading::default() };
        }
    };
    // Components of the same inputs share one artifact: a service and its worker, for example.
    let mut wanted: BTreeMap<Key, (Inputs<'_>, Vec<&str>)> = BTreeMap::new();
    for (id, planned) in &plan.components {
        let Some(inputs) = files.inputs(&planned.code) else { continue };
        let key = Key::new(engine, &inputs);
        wanted.entry(key).or_insert_with(|| (inputs, Vec::new())).1.push(id);
    }
    let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    let keys = wanted.iter().map(|(key, (_, ids))| (key.clone(), owned(ids))).collect();
    let mut loaded = Loaded::new();
    for (ids, component) in compile(engine, &artifacts, wanted) {
        let linked = component.and_then(|c| linker.instantiate_pre(&c).map_err(Into::into));
        match linked {
            Ok(pre) => loaded.extend(ids.into_iter().map(|id| (id.to_owned(), pre.clone()))),
            Err(error) => {
                let what = format!("component {} cannot be loaded: {error:#}", names(&ids));
                let remedy = "build it again with `cargo xtask build`; if that does not help, \
                              check its dependencies and the interfaces that it imports";
                problems.push(Problem::new(what, remedy));
            }
        }
    }
    artifacts.prune();
    Loading { loaded, keys, problems }
}

/// Loads components again as they were compiled before, into another engine. What has become of
/// their files since does not matter.
///
/// # Errors
/// Compiled code is not there any more.
pub(crate) fn reload(engine: &Engine, keys: &Keys, cache: &Path) -> anyhow::Result<Loaded> {
    let (linker, artifacts) = (linker(engine)?, Artifacts::open(cache)?);
    let mut loaded = Loaded::new();
    for (key, ids) in keys {
        let component = artifacts.find(engine, key).context("compiled code is missing")?;
        let pre = linker.instantiate_pre(&component).map_err(anyhow::Error::from)?;
        loaded.extend(ids.iter().map(|id| (id.clone(), pre.clone())));
    }
    Ok(loaded)
}

fn names(ids: &[&str]) -> String {
    ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(" and ")
}

type Compiled<'p> = Vec<(Vec<&'p str>, anyhow::Result<Component>)>;

/// Loads or compiles each artifact once, on as many threads as there are processors.
fn compile<'p>(
    engine: &Engine,
    artifacts: &Artifacts,
    wanted: BTreeMap<Key, (Inputs<'_>, Vec<&'p str>)>,
) -> Compiled<'p> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(wanted.len());
    let queue = std::sync::Mutex::new(wanted.into_iter());
    let next = || queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
    let work = || {
        let mut done = Compiled::new();
        while let Some((key, (inputs, ids))) = next() {
            done.push((ids, artifacts.load(engine, &key, &inputs)));
        }
        done
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        // A worker that panicked is a bug; its panic goes on here.
        let join = |worker: std::thread::ScopedJoinHandle<'_, Compiled<'p>>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().flat_map(join).collect()
    })
}

/// The `.wasm` files of an application, each read once.
struct Files(HashMap<PathBuf, Vec<u8>>);

impl Files {
    fn read(plan: &Plan, problems: &mut Vec<Problem>) -> Self {
        let mut users: BTreeMap<&Path, Vec<&str>> = BTreeMap::new();
        for (id, planned) in &plan.components {
            for path in planned.code.files() {
                users.entry(path).or_default().push(id);
            }
        }
        let mut files = HashMap::new();
        for (path, ids) in users {
            match std::fs::read(path) {
                Ok(bytes) => {
                    files.insert(path.to_owned(), bytes);
                }
                Err(error) => {
                    let what = format!(
                        "{} is missing, but component {} needs it: {error}",
                        path.display(),
                        names(&ids)
                    );
                    problems.push(Problem::new(what, "build it: cargo xtask build"));
                }
            }
        }
        Self(files)
    }

    /// None if a file is missing.
    fn inputs<'f>(&'f self, code: &'f plan::Code) -> Option<Inputs<'f>> {
        let parts = code.dependencies.iter().map(|dependency| {
            Some(Part {
                import: &dependency.import,
                export: dependency.export.as_deref(),
                inherit: &dependency.inherit,
                bytes: self.0.get(&dependency.path)?,
            })
        });
        Some(Inputs { root: self.0.get(&code.root)?, parts: parts.collect::<Option<_>>()? })
    }
}

impl plan::Code {
    fn files(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(self.root.as_path()).chain(self.dependencies.iter().map(|d| &*d.path))
    }
}

/// Everything that the host offers to components.
fn linker(engine: &Engine) -> anyhow::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    add_all(&mut linker).map_err(anyhow::Error::from)?;
    Ok(linker)
}

fn add_all(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    wasmtime_wasi::p3::add_to_linker(linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    wasmtime_wasi_http::p3::add_to_linker(linker)?;
    // In place of the client that has just been added.
    linker.allow_shadowing(true);
    client::add_to_linker::<_, TracedHttp>(linker, State::http)?;
    linker.allow_shadowing(false);
    platform::spin::sqlite::sqlite::add_to_linker::<_, Guest>(linker, |state| state)?;
    platform::spin::postgres::postgres::add_to_linker::<_, Guest>(linker, |state| state)?;
    platform::spin::redis::redis::add_to_linker::<_, Guest>(linker, |state| state)?;
    platform::spin::variables::variables::add_to_linker::<_, Guest>(linker, |state| state)?;
    platform::fermyon::spin::redis::add_to_linker::<_, Guest>(linker, |state| state)?;
    platform::fermyon::spin::variables::add_to_linker::<_, Guest>(linker, |state| state)
}

/// A component by its id, or the problem that it cannot be called by a kind of trigger.
pub(crate) fn export<P>(
    engine: &Engine,
    loaded: &Loaded,
    id: &str,
    kind: &str,
    bind: fn(InstancePre<State>) -> wasmtime::Result<P>,
) -> Result<Option<Arc<Code<P>>>, Problem> {
    // A component that could not be loaded is a problem already.
    let Some(pre) = loaded.get(id) else { return Ok(None) };
    Code::new(engine, pre.clone(), bind).map(|code| Some(Arc::new(code))).map_err(|error| {
        Problem::new(
            format!("component `{id}` cannot be called by its {kind} trigger: {error:#}"),
            "check that it exports what the trigger calls, and build it: cargo xtask build",
        )
    })
}
