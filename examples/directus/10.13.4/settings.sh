# Gives Directus the names it has always read, out of those that Changeover hands to every program.
export DB_CLIENT=mysql DB_HOST="$DATABASE_HOST" DB_PORT="$DATABASE_PORT" DB_DATABASE="$DATABASE_NAME"
export DB_USER="$DATABASE_USER" DB_PASSWORD="$DATABASE_PASSWORD" PUBLIC_URL="http://$HOST:$PORT"
# Nothing is sent to anybody, and a busy small machine is no reason to answer 503.
export TELEMETRY=false EMAIL_VERIFY_SETUP=false PRESSURE_LIMITER_ENABLED=false LOG_LEVEL=error LOG_STYLE=raw
