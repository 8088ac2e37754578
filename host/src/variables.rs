//! `spin:variables@3.0.0`: a component's own variables, and nobody else's.

use boxoffice_host_bindings::platform::spin::variables::variables as wit;
use wasmtime::component::Accessor;

use crate::state::{Guest, State};

impl wit::Host for State {}

impl<T: Send> wit::HostWithStore<T> for Guest {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> Result<String, wit::Error> {
        let grants = accessor.with(|mut access| access.get().grants.clone());
        match grants.variables.get(&name) {
            Some(value) => Ok(value.clone()),
            None => Err(wit::Error::Undefined(format!("no variable for {:?}.{name:?}", grants.id))),
        }
    }
}
