//! Looks for what breaks [`boxoffice_fuzz::admission`].

#![cfg_attr(fuzzing, no_main)]

boxoffice_fuzz::target!(admission);
