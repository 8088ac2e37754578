//! Looks for what breaks [`boxoffice_fuzz::webhook`].

#![cfg_attr(fuzzing, no_main)]

boxoffice_fuzz::target!(webhook);
