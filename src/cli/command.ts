import type { Command as Program } from 'commander'

/** What a command works with besides its options. */
export interface Invocation<Options> {
  /** Positional arguments as declared with `program.argument`, absent optional ones undefined. */
  readonly args: readonly (string | readonly string[] | undefined)[]
  readonly options: Options
  /** Aborts at the first Ctrl-C: finish cleanly and return. */
  readonly signal: AbortSignal
}

/** One command of `fovea`; a command may consist of subcommands instead of, or beside, its own `run`. */
export interface Command<Options = Record<string, never>> {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** Complete command lines for `--help`. */
  readonly examples: readonly string[]
  /** Declares arguments and options. */
  configure?(program: Program): unknown
  run?(invocation: Invocation<Options>): Promise<void> | void
  /**
   * Whether it has something to bring to an end at the first Ctrl-C, such as a state to save; the others are ended where they
   * have not returned a second after it.
   */
  readonly finishes?: boolean
  readonly subcommands?: readonly Command<never>[]
}

/** Declares a command. Returns it as it is; the call checks its types and marks it for the registry. */
export const command = <Options = Record<string, never>>(definition: Command<Options>): Command<Options> => definition
