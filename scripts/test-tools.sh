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
# as Maven's plugin: the command line itself is in no registry
fetch_flyway() {
  rm -rf flyway flyway.part && mkdir flyway.part && cat >flyway.part/pom.xml <<'XML' || return 1
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>dbrest</groupId><artifactId>migrations</artifactId><version>1</version><packaging>pom</packaging>
  <build><plugins><plugin>
    <groupId>org.flywaydb</groupId><artifactId>flyway-maven-plugin</artifactId><version>13.12.0</version>
    <dependencies>
      <dependency><groupId>org.flywaydb</groupId><artifactId>flyway-database-postgresql</artifactId><version>13.12.0</version></dependency>
      <dependency><groupId>org.postgresql</groupId><artifactId>postgresql</artifactId><version>42.7.7</version></dependency>
    </dependencies>
  </plugin></plugins></build>
</project>
XML
  local maven="mvn -q -B -Dmaven.repo.local='$tools/flyway.m2' -f"
  sh -c "timeout 120 $maven flyway.part/pom.xml dependency:resolve-plugins" && cat >flyway.part/flyway <<SH && chmod +x flyway.part/flyway && mv flyway.part flyway
#!/bin/sh
PATH='$PATH' exec $maven '$tools/flyway/pom.xml' "flyway:\$1" "-Dflyway.configFiles=\$PWD/flyway.conf" "-Dflyway.workingDirectory=\$PWD"
SH
}

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
have flyway "$tools/flyway/flyway" TEST_FLYWAY
