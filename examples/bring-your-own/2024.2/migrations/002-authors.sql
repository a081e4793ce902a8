-- Authors get a table of their own, and a notice's text becomes its body. 2024.1 stops working here.
CREATE TABLE authors (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(80) NOT NULL,
  UNIQUE KEY authors_name (name)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
INSERT INTO authors (name) SELECT DISTINCT author FROM notices;
ALTER TABLE notices ADD COLUMN author_id BIGINT NULL AFTER ref, CHANGE COLUMN text body TEXT NOT NULL;
UPDATE notices JOIN authors ON authors.name = notices.author SET notices.author_id = authors.id;
ALTER TABLE notices
  MODIFY COLUMN author_id BIGINT NOT NULL,
  DROP COLUMN author,
  ADD CONSTRAINT notices_author FOREIGN KEY (author_id) REFERENCES authors (id);
