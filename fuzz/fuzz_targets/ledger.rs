//! Looks for what breaks [`boxoffice_fuzz::ledger`].

#![cfg_attr(fuzzing, no_main)]

boxoffice_fuzz::target!(ledger);
