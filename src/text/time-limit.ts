/** Work on files of strangers that may not take longer than it should. */

/** Thrown in the place of an answer that took too long. */
export class TimeLimitError extends Error {}

/**
 * Runs work that only computes and returns what it returns.
 * @param milliseconds of computing: a machine that is busy with something else takes none of them
 * @throws TimeLimitError once they are used up, wherever the work then is, in the middle of a regular expression too
 */
export type TimeLimit = <T>(milliseconds: number, work: () => T) => T

/** Where nothing can end work from outside, as in a browser. */
export const unlimited: TimeLimit = (_, work) => work()
