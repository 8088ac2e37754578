-- What is told of an account, and erased with it: the letters that it got.
CREATE INDEX IF NOT EXISTS mail_by_recipient ON mail_letters (recipient, id) WHERE recipient IS NOT NULL;
