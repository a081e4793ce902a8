#!/bin/sh
# Makes app.tar.gz out of the Debian packages that a release names, fetched by apt without touching this machine's own apt.
set -eu
release=$PWD
made_of=$(sha256sum packages "$(dirname "$0")/build.sh" | sha256sum | cut -c1-64)
if [ -e app.tar.gz ] && [ "$(head -n 1 app.made-of 2>/dev/null)" = "$made_of" ]; then exit 0; fi

# The mirror that this machine uses already, asked for another suite.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -n 1)
if [ -z "$mirror" ]; then
  echo "apt on this machine knows no mirror of Debian, or not yet: run apt-get update" >&2
  exit 1
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/wordpress-XXXXXX")
trap 'rm -rf "$work" "$release/app.tar.gz.part"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/parts" "$work/tree" "$work/debs"
suite=$(sed -n 's/^suite //p' packages)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" > "$work/sources.list"

# Lists, cache and sources of its own, and no installed packages that it could compare with.
private_apt() {
  apt-get -q -o Dir::State="$work/state" -o Dir::State::status=/dev/null -o Dir::Cache="$work/cache" \
    -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts="$work/parts" \
    -o Dir::Etc::preferences="$work/parts/none" -o Dir::Etc::preferencesparts="$work/parts" \
    -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}
private_apt -o APT::Update::Error-Mode=any update
cd "$work/debs"
# apt checks the size and checksum of each against the signed list.
if ! private_apt download $(sed -n 's/^package //p' "$release/packages"); then
  echo "$suite has not, or no longer, what $release/packages names: correct it there" >&2
  exit 1
fi
for deb in *.deb; do dpkg-deb -x "$deb" "$work/tree"; done

# WordPress looks for its configuration one folder above when its own has none; Debian's would look in /etc.
cd "$work/tree/usr/share"
rm wordpress/wp-config.php wordpress/.htaccess
tar -czf "$release/app.tar.gz.part" --owner=0 --group=0 wordpress $(ls -d php javascript 2>/dev/null)
mv "$release/app.tar.gz.part" "$release/app.tar.gz"
{ echo "$made_of"; ls "$work/debs"; } > "$release/app.made-of"
