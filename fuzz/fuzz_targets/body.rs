//! Looks for what breaks [`boxoffice_fuzz::body`].

#![cfg_attr(fuzzing, no_main)]

boxoffice_fuzz::target!(body);
