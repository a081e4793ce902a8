-- Some notices stay on top.
ALTER TABLE notices ADD COLUMN pinned BOOLEAN NOT NULL DEFAULT FALSE, ADD KEY notices_pinned (pinned, id);
UPDATE notices SET pinned = TRUE WHERE ref = 'first';
