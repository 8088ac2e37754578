//! Looks for what breaks [`boxoffice_fuzz::text`].

#![cfg_attr(fuzzing, no_main)]

boxoffice_fuzz::target!(text);
