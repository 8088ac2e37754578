//! Composition: a component's dependencies are instantiated beside it and wired to its imports,
//! each behind a stub that denies what it does not inherit.

use anyhow::{Context, bail};
use wac_graph::types::{Package, SubtypeChecker, WorldId};
use wac_graph::{CompositionGraph, EncodeOptions, NodeId};

use crate::deny;
use crate::manifest::Inherit;

/// A dependency with its code.
#[derive(Debug)]
pub(crate) struct Part<'b> {
    /// The import that it satisfies: `package:name`, `package:name/interface`, either with or
    /// without `@version`, or a plain name.
    pub(crate) import: &'b str,
    pub(crate) export: Option<&'b str>,
    pub(crate) inherit: &'b Inherit,
    pub(crate) bytes: &'b [u8],
}

/// Composes a component with its dependencies into one component.
///
/// # Errors
/// A dependency matches no import, two match the same, or one does not export what is imported.
pub(crate) fn compose(root: &[u8], parts: &[Part<'_>]) -> anyhow::Result<Vec<u8>> {
    if parts.is_empty() {
        return Ok(root.to_vec());
    }
    let mut composer = Composer { graph: CompositionGraph::new(), taken: Vec::new() };
    let (root_world, root) = composer.instantiate("root", root)?;
    for (n, part) in parts.iter().enumerate() {
        composer
            .satisfy(root_world, root, n, part)
            .with_context(|| format!("dependency \"{}\"", part.import))?;
    }
    composer.export_all(root_world, root)?;
    Ok(composer.graph.encode(EncodeOptions::default())?)
}

struct Composer {
    graph: CompositionGraph,
    /// Imports of the root that are satisfied.
    taken: Vec<String>,
}

impl Composer {
    fn instantiate(&mut self, name: &str, bytes: &[u8]) -> anyhow::Result<(WorldId, NodeId)> {
        let package = Package::from_bytes(name, None, bytes.to_vec(), self.graph.types_mut())?;
        let world = package.ty();
        let package = self.graph.register_package(package)?;
        Ok((world, self.graph.instantiate(package)))
    }

    fn satisfy(
        &mut self,
        root_world: WorldId,
        root: NodeId,
        n: usize,
        part: &Part<'_>,
    ) -> anyhow::Result<()> {
        let imports = self.graph.types()[root_world].imports.keys();
        let imports: Vec<String> = imports.filter(|i| matches(part.import, i)).cloned().collect();
        if imports.is_empty() {
            bail!("the component imports nothing of that name");
        }
        let (world, instance) = self.instantiate(&format!("dependency-{n}"), part.bytes)?;
        self.deny(n, part, instance)?;
        for import in imports {
            if self.taken.contains(&import) {
                bail!("another dependency satisfies {import} already");
            }
            let export = part.export.unwrap_or(&import);
            self.check(world, export, root_world, &import)?;
            let alias = self.graph.alias_instance_export(instance, export)?;
            self.graph.set_instantiation_argument(root, &import, alias)?;
            self.taken.push(import);
        }
        Ok(())
    }

    /// Wires what the dependency does not inherit to a stub; the rest stays an import of the whole.
    fn deny(&mut self, n: usize, part: &Part<'_>, instance: NodeId) -> anyhow::Result<()> {
        let Some(stub) = deny::stub(part.bytes, part.inherit)? else { return Ok(()) };
        let (_, stub_instance) = self.instantiate(&format!("denied-{n}"), &stub.bytes)?;
        for interface in &stub.interfaces {
            let alias = self.graph.alias_instance_export(stub_instance, interface)?;
            self.graph.set_instantiation_argument(instance, interface, alias)?;
        }
        Ok(())
    }

    fn check(
        &self,
        world: WorldId,
        export: &str,
        root_world: WorldId,
        import: &str,
    ) -> anyhow::Result<()> {
        let types = self.graph.types();
        let exported = types[world].exports.get(export);
        let exported = *exported.with_context(|| format!("it does not export {export}"))?;
        SubtypeChecker::new(&mut Default::default())
            .is_subtype(exported, types, types[root_world].imports[import], types)
            .with_context(|| format!("its {export} is not what the component imports as {import}"))
    }

    fn export_all(&mut self, world: WorldId, instance: NodeId) -> anyhow::Result<()> {
        let names: Vec<String> = self.graph.types()[world].exports.keys().cloned().collect();
        for name in names {
            let node = self.graph.alias_instance_export(instance, &name)?;
            self.graph.export(node, &name)?;
        }
        Ok(())
    }
}

/// Whether a dependency's name means an import. What the name leaves out matches anything.
fn matches(dependency: &str, import: &str) -> bool {
    let (
        Some((wanted_package, wanted_interface, wanted_version)),
        Some((package, interface, version)),
    ) = (split(dependency), split(import))
    else {
        return dependency == import;
    };
    wanted_package == package
        && wanted_interface.is_none_or(|wanted| Some(wanted) == interface)
        && wanted_version.is_none_or(|wanted| Some(wanted) == version)
}

/// `package:name[/interface][@version]`; None for a plain name.
fn split(name: &str) -> Option<(&str, Option<&str>, Option<&str>)> {
    let (path, version) = match name.split_once('@') {
        Some((path, version)) => (path, Some(version)),
        None => (name, None),
    };
    let (package, interface) = match path.split_once('/') {
        Some((package, interface)) => (package, Some(interface)),
        None => (path, None),
    };
    package.contains(':').then_some((package, interface, version))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_name_matches_what_it_does_not_leave_open() {
        for (dependency, import, expected) in [
            ("a:b/c@0.1.0", "a:b/c@0.1.0", true),
            ("a:b/c", "a:b/c@0.1.0", true),
            ("a:b/c", "a:b/c", true),
            ("a:b", "a:b/c@0.1.0", true),
            ("a:b@0.1.0", "a:b/c@0.1.0", true),
            ("plain", "plain", true),
            ("a:b/c@0.1.0", "a:b/c", false),
            ("a:b/c@0.1.0", "a:b/c@0.2.0", false),
            ("a:b/c", "a:b/d", false),
            ("a:b", "a:d/c", false),
            ("plain", "other", false),
            ("plain", "a:b/plain", false),
        ] {
            assert_eq!(matches(dependency, import), expected, "{dependency} for {import}");
        }
    }
}
