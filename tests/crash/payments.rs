//! Paying, and everything that follows from it: the order, the money, the listing.
