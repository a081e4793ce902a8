#!/bin/sh
# Copies what was logged to where it outlives the server.
set -eu
[ -n "${HAND_OVER:-}" ] || exit 0
[ -d "$SERVER_FOLDER/$LOGS" ] || exit 0
mkdir -p "$HAND_OVER/$ENVIRONMENT-$SERVER_NAME"
cp -R "$SERVER_FOLDER/$LOGS/." "$HAND_OVER/$ENVIRONMENT-$SERVER_NAME/"
echo "handed over to $HAND_OVER/$ENVIRONMENT-$SERVER_NAME"
