//! Looks for what breaks [`boxoffice_fuzz::resolver`].

#![cfg_attr(fuzzing, no_main)]

boxoffice_fuzz::target!(resolver);
