/** Command definitions as a commander program. */
import { Command as Program } from 'commander'
import { version } from '../hub/package-root.ts'
import type { Command } from './command.ts'
import { commands } from './commands/index.generated.ts'
import { endSoonAfter } from './interrupt.ts'

/**
 * The program for a command line. Only the command that the line names is imported; of the others the help knows name
 * and summary.
 */
export async function buildProgram(argv: readonly string[], signal: AbortSignal): Promise<Program> {
  const program = new Program('fovea')
    .description('Ask a local model about images, and decide how many visual tokens that may cost.')
    .version(version, '-V, --version', 'print the version')
    .addHelpText('after', '\nfovea COMMAND --help shows the options of a command, with examples.')
  strict(program)
  const named = argv[0] === 'help' ? argv[1] : argv[0]
  for (const { name, summary, load } of commands) {
    const child = program.command(name).summary(summary).description(summary)
    strict(child)
    if (name === named) define(child, (await load()) as Command<never>, signal)
  }
  return program
}

/** Errors are thrown and reported in one place, rather than printed and exited from. */
function strict(program: Program): void {
  program
    .exitOverride()
    .enablePositionalOptions()
    .showSuggestionAfterError(false)
    .allowExcessArguments(false)
    .helpOption('-h, --help', 'print this help')
    .configureOutput({ outputError: () => {} })
}

function define(program: Program, definition: Command<never>, signal: AbortSignal): void {
  definition.configure?.(program)
  for (const subcommand of definition.subcommands ?? []) {
    const child = program.command(subcommand.name).summary(subcommand.summary).description(subcommand.summary)
    strict(child)
    define(child, subcommand, signal)
  }
  program.addHelpText('after', ['\nExamples:', ...definition.examples.map((example) => `  ${example}`)].join('\n'))
  const { run, finishes } = definition
  if (!run) return
  program.action(() => {
    if (!finishes) endSoonAfter(signal)
    return run({ args: program.processedArgs, options: program.opts() as never, signal })
  })
}
