//! Looks for what breaks [`boxoffice_fuzz::passkey`].

#![cfg_attr(fuzzing, no_main)]

boxoffice_fuzz::target!(passkey);
