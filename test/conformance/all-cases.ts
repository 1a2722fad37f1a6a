/**
 * Every case, by the page of the documentation whose rules it shows.
 */
import { aggregateCases } from './cases/aggregates.ts'
import { answerHeaderCases } from './cases/answer-headers.ts'
import { computedFieldCases } from './cases/computed-fields.ts'
import { computedRelationshipCases } from './cases/computed-relationships.ts'
import { crossOriginCases } from './cases/cross-origin.ts'
import { deleteCases } from './cases/deletes.ts'
import { domainRepresentationCases } from './cases/domain-representations.ts'
import { embedDisambiguationCases } from './cases/embed-disambiguation.ts'
import { embeddingFilterCases } from './cases/embedding-filters.ts'
import { embeddingRelationshipCases } from './cases/embedding-relationships.ts'
import { errorCases } from './cases/errors.ts'
import { fullTextSearchCases } from './cases/full-text-search.ts'
import { functionFailureCases } from './cases/function-failures.ts'
import { functionCases } from './cases/functions.ts'
import { horizontalFilteringCases } from './cases/horizontal-filtering.ts'
import { insertCases } from './cases/inserts.ts'
import { logicalOperatorCases } from './cases/logical-operators.ts'
import { mediaHandlerCases } from './cases/media-handlers.ts'
import { optionsCases } from './cases/options.ts'
import { orderingCases } from './cases/ordering.ts'
import { paginationCases } from './cases/pagination-count.ts'
import { preferenceCases } from './cases/preferences.ts'
import { representationCases } from './cases/representations.ts'
import { returnPreferenceCases } from './cases/return-preferences.ts'
import { schemaCases } from './cases/schemas.ts'
import { spreadCases } from './cases/spreads.ts'
import { topLevelFilteringCases } from './cases/top-level-filtering.ts'
import { transactionCases } from './cases/transactions.ts'
import { updateCases } from './cases/updates.ts'
import { upsertCases } from './cases/upserts.ts'
import { urlGrammarCases } from './cases/url-grammar.ts'
import { verticalFilteringCases } from './cases/vertical-filtering.ts'
import { viewRelationshipCases } from './cases/view-relationships.ts'
import type { ConformanceCase } from './conformance-case.ts'

export const allCases: readonly ConformanceCase[] = [
  ...horizontalFilteringCases,
  ...logicalOperatorCases,
  ...fullTextSearchCases,
  ...verticalFilteringCases,
  ...orderingCases,
  ...embeddingRelationshipCases,
  ...embedDisambiguationCases,
  ...computedRelationshipCases,
  ...viewRelationshipCases,
  ...embeddingFilterCases,
  ...topLevelFilteringCases,
  ...spreadCases,
  ...paginationCases,
  ...aggregateCases,
  ...computedFieldCases,
  ...representationCases,
  ...answerHeaderCases,
  ...mediaHandlerCases,
  ...domainRepresentationCases,
  ...schemaCases,
  ...preferenceCases,
  ...crossOriginCases,
  ...optionsCases,
  ...urlGrammarCases,
  ...errorCases,
  ...insertCases,
  ...returnPreferenceCases,
  ...updateCases,
  ...upsertCases,
  ...deleteCases,
  ...functionCases,
  ...functionFailureCases,
  ...transactionCases,
]
