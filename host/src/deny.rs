//! The stub that stands in for what a dependency does not inherit.
//!
//! It is generated from the dependency's own imports, so that it has their very types. Calling it
//! traps, with the function's name in the trace; except that there are no environment variables
//! and no folders to see, which every program asks about at its start.

use anyhow::{Context, bail};
use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, Function, FunctionSection, Instruction, MemorySection,
    MemoryType, Module, NameMap, NameSection, TypeSection, ValType,
};
use wit_component::{ComponentEncoder, DecodedWasm, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{
    LiftLowerAbi, ManglingAndAbi, Resolve, WasmExport, WasmExportKind, WorldId, WorldItem,
};

use crate::capability;
use crate::manifest::Inherit;

/// A component that exports interfaces which a dependency imports and must not have.
pub(crate) struct Stub {
    /// Their names, as the dependency imports them.
    pub(crate) interfaces: Vec<String>,
    pub(crate) bytes: Vec<u8>,
}

/// Makes the stub for a dependency; None if all that it imports is granted.
///
/// # Errors
/// The bytes are no component.
pub(crate) fn stub(component: &[u8], inherit: &Inherit) -> anyhow::Result<Option<Stub>> {
    let (mut resolve, world) = match wit_component::decode(component)? {
        DecodedWasm::Component(resolve, world) => (resolve, world),
        DecodedWasm::WitPackage(..) => bail!("it is a WIT package, not a component"),
    };
    let interfaces = denied(&resolve, world, inherit);
    if interfaces.is_empty() {
        return Ok(None);
    }
    let world = stub_world(&mut resolve, &interfaces)?;
    let bytes = encode(&resolve, world)
        .context("generating the stub for interfaces that are not inherited")?;
    Ok(Some(Stub { interfaces, bytes }))
}

fn denied(resolve: &Resolve, world: WorldId, inherit: &Inherit) -> Vec<String> {
    let imports = resolve.worlds[world].imports.iter();
    let interfaces = imports.filter_map(|(name, item)| match item {
        WorldItem::Interface { .. } => Some(resolve.name_world_key(name)),
        WorldItem::Function(_) | WorldItem::Type { .. } => None,
    });
    interfaces
        .filter(|name| match (capability::set_of(name), inherit) {
            (None, _) | (Some(_), Inherit::Everything) => false,
            (Some(_), Inherit::Nothing) => true,
            (Some(set), Inherit::Sets(granted)) => !granted.iter().any(|name| name == set),
        })
        .collect()
}

/// A world that exports the interfaces, resolved against the dependency's own packages.
fn stub_world(resolve: &mut Resolve, interfaces: &[String]) -> anyhow::Result<WorldId> {
    let exports: String = interfaces.iter().map(|name| format!("export {name};\n")).collect();
    let source = format!("package boxoffice:denied;\nworld denied {{\n{exports}}}\n");
    let package = resolve.push_str("denied.wit", &source)?;
    resolve.select_world(&[package], Some("denied"))
}

/// How exports of a core module are named and called: synchronously, also for `async func`s,
/// which are free to answer (here: to trap) at once.
const ABI: ManglingAndAbi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);

/// Where functions that answer find their empty answer: zeros.
const ZEROS: i32 = 16;

/// Where arguments go that nobody looks at.
const ARGUMENTS: i32 = 1024;

fn encode(resolve: &Resolve, world: WorldId) -> anyhow::Result<Vec<u8>> {
    let mut module = Stubs::default();
    for (name, item) in &resolve.worlds[world].exports {
        let WorldItem::Interface { id, .. } = item else { continue };
        let body = body(&resolve.name_world_key(name));
        for func in resolve.interfaces[*id].functions.values() {
            let kind = WasmExportKind::Normal;
            let export = WasmExport::Func { interface: Some(name), func, kind };
            let signature = resolve.wasm_signature(AbiVariant::GuestExport, func);
            module.function(
                &resolve.wasm_export_name(ABI, export),
                &signature.params,
                &signature.results,
                body,
            );
        }
    }
    // Arguments are put into memory before a call: it has to have a place for them, or the trace
    // would name this function and not the one that was called.
    let realloc = resolve.wasm_export_name(ABI, WasmExport::Realloc);
    module.function(&realloc, &[WasmType::I32; 4], &[WasmType::I32], Body::Answer(ARGUMENTS));
    let memory = resolve.wasm_export_name(ABI, WasmExport::Memory);
    let mut module = module.finish(&memory);
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8)?;
    ComponentEncoder::default().module(&module)?.encode()
}

/// What a function does.
#[derive(Clone, Copy)]
enum Body {
    Trap,
    /// Answers this value, or, without results, nothing.
    Answer(i32),
}

/// Interfaces that a program looks at before it does anything answer that there is nothing to see:
/// that is the denial.
fn body(interface: &str) -> Body {
    match capability::set_of(interface) {
        Some("environment" | "files") => Body::Answer(ZEROS),
        _ => Body::Trap,
    }
}

/// A core module of functions that trap or answer zeros.
#[derive(Default)]
struct Stubs {
    types: TypeSection,
    functions: FunctionSection,
    exports: ExportSection,
    code: CodeSection,
    names: NameMap,
}

impl Stubs {
    fn function(&mut self, name: &str, params: &[WasmType], results: &[WasmType], body: Body) {
        let index = self.functions.len();
        self.types.ty().function(params.iter().map(val_type), results.iter().map(val_type));
        self.functions.function(index);
        self.exports.export(name, ExportKind::Func, index);
        self.names.append(index, name);
        let mut code = Function::new([]);
        match (body, results) {
            (Body::Answer(_), []) => {}
            // An answer that does not fit one value lies in memory, at the value.
            (Body::Answer(value), [WasmType::Pointer | WasmType::I32]) => {
                code.instruction(&Instruction::I32Const(value));
            }
            _ => {
                code.instruction(&Instruction::Unreachable);
            }
        }
        code.instruction(&Instruction::End);
        self.code.function(&code);
    }

    fn finish(mut self, memory_name: &str) -> Vec<u8> {
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: 1,
            maximum: Some(1),
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        self.exports.export(memory_name, ExportKind::Memory, 0);
        let mut names = NameSection::new();
        names.module("not inherited");
        names.functions(&self.names);
        let mut module = Module::new();
        module
            .section(&self.types)
            .section(&self.functions)
            .section(&memories)
            .section(&self.exports)
            .section(&self.code)
            .section(&names);
        module.finish()
    }
}

fn val_type(ty: &WasmType) -> ValType {
    match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => ValType::I32,
        WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
    }
}
