//! Looks for what breaks [`boxoffice_fuzz::query`].

#![cfg_attr(fuzzing, no_main)]

boxoffice_fuzz::target!(query);
