//! The schema comes to be once, however many start together.
