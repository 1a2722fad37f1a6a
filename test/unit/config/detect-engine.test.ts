import { expect, test } from 'vitest'
import { detectEngine } from '../../../src/config/detect-engine.ts'

test.each([
  ['postgresql://', 'postgres'],
  ['postgres://u:p@h/films.db', 'postgres'],
  ['postgresql://?dbname=a&host=/dir', 'postgres'],
  ['host=localhost dbname=films.db', 'postgres'],
  ['dbname = films', 'postgres'],
  ['tmp_db', 'postgres'],
  ['', 'postgres'],
  ['mongodb://h:27017/films', 'mongodb'],
  ['mongodb+srv://h/films', 'mongodb'],
  ['file:films.db?mode=ro', 'sqlite'],
  ['file:///var/lib/films', 'sqlite'],
  [':memory:', 'sqlite'],
  ['films.db', 'sqlite'],
  ['./data/FILMS.SQLITE', 'sqlite'],
  ['/var/lib/films.sqlite3', 'sqlite'],
  ['/var/lib/films', 'sqlite'],
  ['/var/lib/other', 'postgres'],
])('tells the engine of %j: %s', (dbUri, engine) => {
  expect(detectEngine(dbUri, (path) => path === '/var/lib/films')).toBe(engine)
})
