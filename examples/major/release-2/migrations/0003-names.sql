-- A customer's name becomes first and last name; release 1 stops working here.
ALTER TABLE customers
  ADD COLUMN first_name VARCHAR(120) NOT NULL DEFAULT '' AFTER id,
  ADD COLUMN last_name VARCHAR(120) NOT NULL DEFAULT '' AFTER first_name;
UPDATE customers
  SET first_name = SUBSTRING_INDEX(name, ' ', 1),
      last_name = IF(LOCATE(' ', name) > 0, SUBSTRING(name, LOCATE(' ', name) + 1), '');
ALTER TABLE customers DROP COLUMN name;
