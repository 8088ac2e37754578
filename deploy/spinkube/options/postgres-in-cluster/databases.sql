-- One database for each service: none sees another's tables. The last is the one that the
-- readiness probe asks for.
CREATE DATABASE auth;
CREATE DATABASE tickets;
CREATE DATABASE orders;
CREATE DATABASE payments;
CREATE DATABASE admissions;
CREATE DATABASE mail;
CREATE DATABASE expiration;
