//! `spin:variables@3.0.0` and `fermyon:spin/variables@2.0.0`: a component's own variables, and
//! nobody else's.

use boxoffice_host_bindings::platform::fermyon::spin::variables as v2;
use boxoffice_host_bindings::platform::spin::variables::variables as v3;
use wasmtime::component::Accessor;

use crate::state::{Grants, Guest, State};

impl Grants {
    fn variable(&self, name: &str) -> Result<String, String> {
        let value = self.variables.get(name).cloned();
        value.ok_or_else(|| format!("no variable for {:?}.{name:?}", self.id))
    }
}

impl v3::Host for State {}

impl<T: Send> v3::HostWithStore<T> for Guest {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> Result<String, v3::Error> {
        let grants = accessor.with(|mut access| access.get().grants.clone());
        grants.variable(&name).map_err(v3::Error::Undefined)
    }
}

impl v2::Host for State {
    async fn get(&mut self, name: String) -> Result<String, v2::Error> {
        self.grants.variable(&name).map_err(v2::Error::Undefined)
    }
}
