/**
 * What react-admin reads and writes through: `<Admin dataProvider={filmsProvider('http://localhost:3000')}>`.
 * Needs the packages @raphiniert/ra-data-postgrest and ra-core, which is part of react-admin.
 */
import * as postgrest from '@raphiniert/ra-data-postgrest'
import { fetchUtils } from 'ra-core'

// a bundler gives the function itself, Node the module that has it
const provider = postgrest.default.default ?? postgrest.default

export function filmsProvider(apiUrl) {
  return provider({
    apiUrl,
    httpClient: fetchUtils.fetchJson,
    defaultListOp: 'eq',
    // relations whose key is not id: ['budgets', ['film_id']]
    primaryKeys: postgrest.defaultPrimaryKeys,
    schema: postgrest.defaultSchema,
  })
}
