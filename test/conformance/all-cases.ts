/**
 * Every case, by the page of the documentation whose rules it shows.
 */
import { aggregateCases } from './cases/aggregates.ts'
import { computedFieldCases } from './cases/computed-fields.ts'
import { crossOriginCases } from './cases/cross-origin.ts'
import { deleteCases } from './cases/deletes.ts'
import { domainRepresentationCases } from './cases/domain-representations.ts'
import { embeddingFilterCases } from './cases/embedding-filters.ts'
import { embeddingRelationshipCases } from './cases/embedding-relationships.ts'
import { errorCases } from './cases/errors.ts'
import { fullTextSearchCases } from './cases/full-text-search.ts'
import { functionCases } from './cases/functions.ts'
import { horizontalFilteringCases } from './cases/horizontal-filtering.ts'
import { insertCases } from './cases/inserts.ts'
import { mediaHandlerCases } from './cases/media-handlers.ts'
import { optionsCases } from './cases/options.ts'
import { orderingCases } from './cases/ordering.ts'
import { paginationCases } from './cases/pagination-count.ts'
import { preferenceCases } from './cases/preferences.ts'
import { representationCases } from './cases/representations.ts'
import { schemaCases } from './cases/schemas.ts'
import { spreadCases } from './cases/spreads.ts'
import { transactionCases } from './cases/transactions.ts'
import { updateCases } from './cases/updates.ts'
import { upsertCases } from './cases/upserts.ts'
import { urlGrammarCases } from './cases/url-grammar.ts'
import { verticalFilteringCases } from './cases/vertical-filtering.ts'
import type { ConformanceCase } from './conformance-case.ts'

export const allCases: readonly ConformanceCase[] = [
  ...horizontalFilteringCases,
  ...fullTextSearchCases,
  ...verticalFilteringCases,
  ...orderingCases,
  ...embeddingRelationshipCases,
  ...embeddingFilterCases,
  ...spreadCases,
  ...paginationCases,
  ...aggregateCases,
  ...computedFieldCases,
  ...representationCases,
  ...mediaHandlerCases,
  ...domainRepresentationCases,
  ...schemaCases,
  ...preferenceCases,
  ...crossOriginCases,
  ...optionsCases,
  ...urlGrammarCases,
  ...errorCases,
  ...insertCases,
  ...updateCases,
  ...upsertCases,
  ...deleteCases,
  ...functionCases,
  ...transactionCases,
]
