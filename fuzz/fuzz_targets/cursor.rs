//! Looks for what breaks [`boxoffice_fuzz::cursor`].

#![cfg_attr(fuzzing, no_main)]

boxoffice_fuzz::target!(cursor);
