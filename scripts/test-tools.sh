#!/usr/bin/env bash
# Fetches, once, the programs of others that some tests ask, into the cache of this user, and prints
# the variables that name them to the tests: eval "$(scripts/test-tools.sh)". What cannot be had is
# told on the error output; the tests with it are then skipped, and say so themselves.
set -u
tools="${XDG_CACHE_HOME:-$HOME/.cache}/dbrest-test/tools"
mkdir -p "$tools"

# have NAME PROGRAM VARIABLE: runs `fetch_NAME` unless the program is there, and names it if it is then
have() {
  local name=$1 program=$2 variable=$3
  if [ ! -x "$program" ]; then
    (cd "$tools" && "fetch_$name") >"$tools/$name.log" 2>&1
  fi
  if [ -x "$program" ]; then
    echo "export $variable='$program'"
  else
    echo "$name cannot be had here: the tests with it are skipped ($tools/$name.log)" >&2
  fi
}

# Debian's packages are unpacked, not installed: a server that is installed is also started
unpack() {
  local folder=$1
  shift
  mkdir -p "$folder.part" && (cd "$folder.part" && apt-get download "$@" && for deb in *.deb; do dpkg -x "$deb" . || exit 1; done) &&
    mv "$folder.part" "$folder"
}

fetch_postgrest_py() { python3 -m venv --clear python && python/bin/pip install --timeout 15 --retries 1 'postgrest==2.*'; }
fetch_openapi_typescript() { npm install --no-audit --no-fund --fetch-timeout=15000 --fetch-retries=1 --prefix openapi-typescript 'openapi-typescript@7' 'typescript@5'; }
fetch_nginx() { rm -rf nginx nginx.part && unpack nginx nginx; }
fetch_caddy() { rm -rf caddy caddy.part && unpack caddy caddy; }
fetch_promtool() { rm -rf prometheus prometheus.part && unpack prometheus prometheus; }
fetch_npm() { npm install --no-audit --no-fund --fetch-timeout=15000 --fetch-retries=1 --prefix "$@"; }
fetch_knex() { fetch_npm knex knex@3 pg@8; }
fetch_drizzle() { fetch_npm drizzle drizzle-kit@0.31 drizzle-orm@0.45 pg@8; }
fetch_dbmate() { fetch_npm dbmate dbmate@2; }
fetch_supabase() { fetch_npm supabase supabase@2.117.0; }
fetch_alembic() { python3 -m venv --clear alembic && alembic/bin/pip install --timeout 15 --retries 1 'alembic==1.*' 'psycopg[binary]==3.*'; }

# a folder of Python that a failed attempt left has no package in it
if [ -x "$tools/python/bin/python3" ] && ! "$tools/python/bin/python3" -c 'import postgrest' 2>/dev/null; then
  rm -rf "$tools/python"
fi

have postgrest_py "$tools/python/bin/python3" TEST_PYTHON3
have openapi_typescript "$tools/openapi-typescript/node_modules/.bin/openapi-typescript" TEST_OPENAPI_TYPESCRIPT
have nginx "$(command -v nginx || echo "$tools/nginx/usr/sbin/nginx")" TEST_NGINX
have caddy "$(command -v caddy || echo "$tools/caddy/usr/bin/caddy")" TEST_CADDY
have promtool "$(command -v promtool || echo "$tools/prometheus/usr/bin/promtool")" TEST_PROMTOOL
have knex "$tools/knex/node_modules/.bin/knex" TEST_KNEX
have drizzle "$tools/drizzle/node_modules/.bin/drizzle-kit" TEST_DRIZZLE_KIT
have dbmate "$tools/dbmate/node_modules/.bin/dbmate" TEST_DBMATE
have supabase "$tools/supabase/node_modules/.bin/supabase" TEST_SUPABASE
have alembic "$tools/alembic/bin/alembic" TEST_ALEMBIC
