//! Looks for what breaks [`boxoffice_fuzz::manifest`].

#![cfg_attr(fuzzing, no_main)]

boxoffice_fuzz::target!(manifest);
