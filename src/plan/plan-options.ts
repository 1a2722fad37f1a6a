/**
 * The options a plan depends on. The plan cache takes two option objects for equal only if they are
 * the same object, so callers pass the generation's configuration itself.
 */
import type { Config } from '../config/config.ts'

export type PlanOptions = Pick<
  Config,
  | 'given'
  | 'etagEnabled'
  | 'dbMaxRows'
  | 'dbAggregatesEnabled'
  | 'dbPlanEnabled'
  | 'urlUseLegacyTargetNames'
>
