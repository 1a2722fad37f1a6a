/** Which collections the names of fields speak of. */
import { expect, test } from 'vitest'
import { namedTargets } from '../../../../../src/backends/mongodb/catalog/named-targets.ts'

test.each([
  ['director_id', ['director', 'directors']],
  ['directorId', ['director', 'directors']],
  ['actor_ids', ['actor', 'actors']],
  ['actorIds', ['actor', 'actors']],
  ['first_owner_id', ['first_owner', 'first_owners']],
  ['country_id', ['country', 'countrys', 'countries']],
  ['day_id', ['day', 'days']],
  ['box_id', ['box', 'boxs', 'boxes']],
  ['_id', []],
  ['id', []],
  ['Id', []],
  ['paid', []],
  ['director', []],
  ['director_idx', []],
])('%s: %j', (field, names) => {
  expect(namedTargets(field)).toEqual(names)
})
