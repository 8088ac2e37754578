//! Looks for what breaks [`boxoffice_fuzz::event`].

#![cfg_attr(fuzzing, no_main)]

boxoffice_fuzz::target!(event);
