/**
 * What a load may leave of no use in connections: statements that they have prepared and plans that
 * they keep, or the sessions as they are. A backend finds it out, and the processes of one server
 * tell each other.
 */
export type Outlived = 'statements' | 'sessions'
