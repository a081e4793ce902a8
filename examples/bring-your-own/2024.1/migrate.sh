#!/bin/sh
# Brings the schema to the newest file in migrations/: one client session, one lock, each file once.
set -eu
cd "$(dirname "$0")"
. ./settings.sh

# The password goes through the environment: everybody on the machine can read the arguments of a process.
client() {
  MYSQL_PWD="$DB_SECRET" mariadb --no-defaults --protocol=tcp --host="$DB_ADDR" --port="$DB_PORT" --user="$DB_LOGIN" \
    --connect-timeout=5 --default-character-set=utf8mb4 --batch --skip-column-names --unbuffered "$DB_SCHEMA"
}
number_of() {
  file="${1##*/}"
  echo "${file%%-*}"
}

newest=0
for file in migrations/*.sql; do
  number=$(number_of "$file")
  [ "$number" -le "$newest" ] || newest=$number
done
current=$(client <<'SQL'
CREATE TABLE IF NOT EXISTS schema_version (version INT NOT NULL PRIMARY KEY, since DATETIME NOT NULL);
SELECT COALESCE(MAX(version), 0) FROM schema_version;
SQL
)
if [ "$current" -gt "$newest" ]; then
  echo "the schema is at version $current, this release knows only up to $newest" >&2
  exit 1
fi

# Looked at again under the lock: another migrator may have been here in between.
script=$(mktemp)
trap 'rm -f "$script"' EXIT
cat > "$script" <<SQL
SET SESSION lock_wait_timeout = 10, max_statement_time = 120;
DELIMITER //
IF GET_LOCK('notice-board-migrate', 10) <> 1 THEN
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'another migration is running';
END IF//
IF (SELECT COALESCE(MAX(version), 0) FROM schema_version) <> $current THEN
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'another migration was faster, run this one again';
END IF//
DELIMITER ;
SQL
for file in migrations/*.sql; do
  number=$(number_of "$file")
  [ "$number" -gt "$current" ] || continue
  cat "$file" >> "$script"
  echo "INSERT INTO schema_version (version, since) VALUES ($number, UTC_TIMESTAMP());" >> "$script"
  echo "SELECT 'migrated ${file##*/}';" >> "$script"
done
client < "$script"
echo "the schema is at version $newest"
