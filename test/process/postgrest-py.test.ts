/**
 * `postgrest` from PyPI, unchanged, against the built server: what users of supabase-py read and write.
 * Needs a Python with the package (`TEST_PYTHON3` names one); skipped aloud without.
 */
import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { serveFilmArchive, serveFilmFile } from '../support/film-archive.ts'
import { findTool } from '../support/tool.ts'

const python = findTool('python3')
const isThere = python !== null && spawnSync(python, ['-c', 'import postgrest']).status === 0
if (!isThere) {
  console.warn(
    'SKIPPED: tests with the package postgrest of Python. pip install postgrest, and name its Python in TEST_PYTHON3.',
  )
}

const program = `
import json, sys
from postgrest import SyncPostgrestClient
from postgrest.exceptions import APIError

told = {}
with SyncPostgrestClient(sys.argv[1]) as client:
    films = client.from_("films")
    told["read"] = films.select("title, directors(name)").eq("id", 1).execute().data
    page = films.select("id", count="exact").order("id").range(1, 2).execute()
    told["page"] = [page.data, page.count]
    told["filters"] = films.select("id").or_("year.lt.1970,and(year.gt.2000,rating.gte.8)").order("id").execute().data
    told["one"] = films.select("title").eq("id", 2).single().execute().data
    told["text"] = films.select("id").in_("title", ["Dune", 'He said "no, (really)"']).order("id").execute().data
    told["call"] = client.rpc("add", {"a": 2, "b": 3}).execute().data
    new = films.insert({"title": "Jackie", "year": 2016}).execute().data[0]
    told["updated"] = [row["title"] for row in films.update({"title": "Neruda"}).eq("id", new["id"]).execute().data]
    told["upserted"] = [row["year"] for row in films.upsert({"id": new["id"], "title": "Neruda", "year": 2017}).execute().data]
    told["deleted"] = len(films.delete().eq("id", new["id"]).execute().data)
    try:
        client.from_("fillms").select("*").execute()
    except APIError as error:
        told["error"] = error.code
print(json.dumps(told))
`

describe.each([
  ['PostgreSQL', serveFilmArchive],
  ['SQLite', serveFilmFile],
] as const)('%s:', (_, serve) => {
  const { url } = serve()

  test.skipIf(!isThere)('reads, calls, writes and fails as its users know it', async () => {
    const { stdout } = await promisify(execFile)(python ?? '', ['-c', program, url()])
    expect(JSON.parse(stdout)).toEqual({
      read: [{ title: 'Arrival', directors: { name: 'Denis Villeneuve' } }],
      page: [[{ id: 2 }, { id: 3 }], 5],
      filters: [{ id: 2 }, { id: 3 }],
      one: { title: 'Dune' },
      text: [{ id: 2 }, { id: 5 }],
      call: 5,
      updated: ['Neruda'],
      upserted: [2017],
      deleted: 1,
      error: 'PGRST205',
    })
  })
})
