//! Looks for what breaks [`boxoffice_fuzz::form`].

#![cfg_attr(fuzzing, no_main)]

boxoffice_fuzz::target!(form);
