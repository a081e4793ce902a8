# Gives the notice board the names it has always read, out of those that Changeover hands to every program.
export BOARD_LISTEN="${HOST:-127.0.0.1}" BOARD_PORT="${PORT:-8000}"
export DB_ADDR="$DATABASE_HOST" DB_PORT="$DATABASE_PORT" DB_SCHEMA="$DATABASE_NAME"
export DB_LOGIN="$DATABASE_USER" DB_SECRET="$DATABASE_PASSWORD"
