-- Authors, and which of them wrote a note: only additions, which 2.0 neither sees nor needs.
CREATE TABLE IF NOT EXISTS authors (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(80) NOT NULL,
  since DATETIME(3) NOT NULL,
  UNIQUE KEY authors_name (name)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
ALTER TABLE notes ADD COLUMN IF NOT EXISTS author_id BIGINT NULL;
