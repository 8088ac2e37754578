//! Looks for what breaks [`boxoffice_fuzz::smtp`].

#![cfg_attr(fuzzing, no_main)]

boxoffice_fuzz::target!(smtp);
