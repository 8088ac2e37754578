-- One database for each service: none sees another's tables.
CREATE DATABASE auth;
CREATE DATABASE tickets;
CREATE DATABASE orders;
CREATE DATABASE payments;
CREATE DATABASE expiration;
