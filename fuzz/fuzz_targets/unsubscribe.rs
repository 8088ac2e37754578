//! Looks for what breaks [`boxoffice_fuzz::unsubscribe`].

#![cfg_attr(fuzzing, no_main)]

boxoffice_fuzz::target!(unsubscribe);
