#!/bin/sh
# The films sample with curl: `npm start` in one terminal, this in another. API is where it is served.
set -eu
api=${API:-http://127.0.0.1:3000}

echo '# the three best films of this century, with who made them'
curl -sS --fail-with-body "$api/films?select=title,year,directors(name)&year=gte.2001&order=rating.desc,title&limit=3"

echo; echo '# how many there are, without reading them'
curl -sS --fail-with-body -I -H 'Prefer: count=exact' "$api/films" | grep -i '^content-range'

echo '# a director is added, renamed and taken away again'
id=$(curl -sS --fail-with-body "$api/directors?select=id" -H 'Content-Type: application/json' \
  -H 'Prefer: return=representation' -d '{"name":"Ana Lily Amirpour"}' | tr -dc '0-9')
curl -sS --fail-with-body -X PATCH "$api/directors?id=eq.$id&select=name" -H 'Content-Type: application/json' \
  -H 'Prefer: return=representation' -d '{"name":"A. L. Amirpour"}'
curl -sS --fail-with-body -X DELETE "$api/directors?id=eq.$id"

echo; echo '# a name that is nearly one'
curl -sS "$api/film?limit=1"
echo
