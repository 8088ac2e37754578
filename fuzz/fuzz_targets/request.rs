//! Looks for what breaks [`boxoffice_fuzz::request`].

#![cfg_attr(fuzzing, no_main)]

boxoffice_fuzz::target!(request);
