/**
 * What was found of the schema mark, on engines that have one.
 */
export interface MarkStatus {
  readonly state: 'found' | 'unfit' | 'absent'
  /** What is wrong with one that is unfit. */
  readonly cause: string | null
}
