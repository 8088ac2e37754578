//! The programs around the properties.

use std::path::PathBuf;

/// Makes a program of a property: libFuzzer's under `cargo fuzz`, else one that tries the files whose
/// names it is given, such as a finding under a debugger.
#[macro_export]
macro_rules! target {
    ($property:ident) => {
        #[cfg(fuzzing)]
        $crate::libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::$property(data));

        #[cfg(not(fuzzing))]
        fn main() {
            for data in $crate::read(std::env::args_os().skip(1).map(Into::into)) {
                $crate::$property(&data);
            }
        }
    };
}

/// Reads files, one after the other.
///
/// # Panics
/// If one cannot be read: the program has nothing else to do.
pub fn read(files: impl Iterator<Item = PathBuf>) -> impl Iterator<Item = Vec<u8>> {
    files.map(|file| {
        std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    })
}
