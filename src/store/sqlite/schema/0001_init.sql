-- The first schema.  What each table is for: docs/internals/store.md.

-- One row: the tail of the body log, numbers not yet given, sums.
CREATE TABLE state(
  one INTEGER PRIMARY KEY CHECK(one = 1),
  epoch INTEGER NOT NULL,
  batch INTEGER NOT NULL,
  clean INTEGER NOT NULL,
  log_seg INTEGER NOT NULL,
  log_off INTEGER NOT NULL,
  next_body INTEGER NOT NULL,
  next_domain INTEGER NOT NULL,
  next_account INTEGER NOT NULL,
  next_mailbox INTEGER NOT NULL,
  jobs INTEGER NOT NULL,
  bodies INTEGER NOT NULL,
  body_octets INTEGER NOT NULL,
  bigs INTEGER NOT NULL,
  messages INTEGER NOT NULL
);
INSERT INTO state VALUES(1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0);

-- Bodies.  seg 0: a file of its own in big/.
CREATE TABLE segment(
  seg INTEGER PRIMARY KEY,
  salt INTEGER NOT NULL,
  used INTEGER NOT NULL,
  live INTEGER NOT NULL,
  phase INTEGER NOT NULL
);
CREATE TABLE body(
  body_id INTEGER PRIMARY KEY,
  seg INTEGER NOT NULL,
  off INTEGER NOT NULL,
  len INTEGER NOT NULL,
  room INTEGER NOT NULL,
  refs INTEGER NOT NULL
);

-- Who: domains, accounts, their devices.
CREATE TABLE domain(
  domain_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  created INTEGER NOT NULL
);
CREATE UNIQUE INDEX domain_name ON domain(name);
CREATE TABLE mailbox(
  mailbox_id INTEGER PRIMARY KEY,
  domain_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  modseq INTEGER NOT NULL,
  next_no INTEGER NOT NULL,
  next_folder INTEGER NOT NULL,
  used INTEGER NOT NULL,
  quota INTEGER NOT NULL,
  total INTEGER NOT NULL,
  unread INTEGER NOT NULL,
  name TEXT NOT NULL
);
CREATE TABLE account(
  account_id INTEGER PRIMARY KEY,
  domain_id INTEGER NOT NULL REFERENCES domain(domain_id),
  mailbox_id INTEGER NOT NULL REFERENCES mailbox(mailbox_id),
  name TEXT NOT NULL,
  key TEXT NOT NULL,
  disabled INTEGER NOT NULL,
  proof_only INTEGER NOT NULL,
  salt BLOB,
  kdf_t INTEGER NOT NULL,
  kdf_m INTEGER NOT NULL,
  stored BLOB,
  server BLOB,
  sealed BLOB,
  display TEXT NOT NULL,
  created INTEGER NOT NULL
);
CREATE UNIQUE INDEX account_key ON account(key);
CREATE UNIQUE INDEX account_domain ON account(domain_id, key);
CREATE INDEX account_mailbox ON account(mailbox_id);
CREATE TABLE device(
  account_id INTEGER NOT NULL REFERENCES account(account_id),
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  scopes INTEGER NOT NULL,
  stored BLOB NOT NULL,
  server BLOB NOT NULL,
  created INTEGER NOT NULL,
  PRIMARY KEY(account_id, key)
) WITHOUT ROWID;

-- Mail.  All keys lead with the mailbox.
CREATE TABLE folder(
  mailbox_id INTEGER NOT NULL,
  folder_id INTEGER NOT NULL,
  path TEXT NOT NULL,
  path_key TEXT NOT NULL,
  role INTEGER NOT NULL,
  total INTEGER NOT NULL,
  unread INTEGER NOT NULL,
  flagged INTEGER NOT NULL,
  octets INTEGER NOT NULL,
  modseq INTEGER NOT NULL,
  PRIMARY KEY(mailbox_id, folder_id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX folder_path ON folder(mailbox_id, path_key);

-- docid = mailbox_id << 32 | no; folders, was: ids, 4 octets each.
CREATE TABLE message(
  docid INTEGER PRIMARY KEY,
  mailbox_id INTEGER NOT NULL,
  uuid BLOB NOT NULL,
  body_id INTEGER NOT NULL,
  ord INTEGER NOT NULL,
  flags INTEGER NOT NULL,
  modseq INTEGER NOT NULL,
  size INTEGER NOT NULL,
  origin BLOB,
  thread BLOB,
  gone INTEGER,
  folders BLOB NOT NULL,
  was BLOB,
  keywords TEXT NOT NULL,
  env TEXT NOT NULL
);
CREATE UNIQUE INDEX message_uuid ON message(mailbox_id, uuid);
CREATE INDEX message_thread ON message(mailbox_id, thread)
  WHERE thread IS NOT NULL;
CREATE INDEX message_origin ON message(mailbox_id, origin)
  WHERE origin IS NOT NULL;
CREATE INDEX message_gone ON message(gone) WHERE gone IS NOT NULL;

-- Where a message lies; flags: 1 unread, 2 flagged, 4 important.
CREATE TABLE place(
  mailbox_id INTEGER NOT NULL,
  folder_id INTEGER NOT NULL,
  ord INTEGER NOT NULL,
  no INTEGER NOT NULL,
  flags INTEGER NOT NULL,
  PRIMARY KEY(mailbox_id, folder_id, ord, no)
) WITHOUT ROWID;
CREATE INDEX place_unread ON place(mailbox_id, folder_id, ord, no)
  WHERE flags & 1;
CREATE INDEX place_flagged ON place(mailbox_id, folder_id, ord, no)
  WHERE flags & 2;
CREATE INDEX place_important ON place(mailbox_id, folder_id, ord, no)
  WHERE flags & 4;

-- One row for each change, in order.
CREATE TABLE change(
  mailbox_id INTEGER NOT NULL,
  modseq INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  no INTEGER NOT NULL,
  folder_id INTEGER NOT NULL,
  actor INTEGER NOT NULL,
  at INTEGER NOT NULL,
  detail BLOB,
  PRIMARY KEY(mailbox_id, modseq)
) WITHOUT ROWID;

-- IDs that a sender gave, for as long as they are remembered.
CREATE TABLE once(
  origin TEXT NOT NULL,
  uuid BLOB NOT NULL,
  rcpt TEXT NOT NULL,
  mailbox_id INTEGER NOT NULL,
  sha BLOB NOT NULL,
  got BLOB NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY(origin, uuid, rcpt)
) WITHOUT ROWID;
CREATE INDEX once_at ON once(at);

-- Mailboxes that were removed and still have rows for a purge.
CREATE TABLE doomed(mailbox_id INTEGER PRIMARY KEY);
