#!/usr/bin/env node
/** The command line. Exit codes: 0 done, 1 bug, 2 usage, 3 input, 4 network, 5 resource, 130 interrupted. */
import { CommanderError, type Command as Program } from 'commander'
import { describeFailure } from './failure.ts'
import { abortOnInterrupt, INTERRUPTED } from './interrupt.ts'
import { buildProgram } from './program.ts'

/** The (sub)command that a command line names, as deep as its words go. */
function innermost(program: Program, argv: readonly string[]): Program {
  const child = program.commands.find((command) => command.name() === argv[0])
  return child ? innermost(child, argv.slice(1)) : program
}

function report(error: unknown, program?: Program): void {
  const { message, exitCode } = describeFailure(error, program)
  if (process.env.FOVEA_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  process.stderr.write(`fovea: ${message}\n`)
  process.exitCode = exitCode
}

/** A reader that has seen enough, such as `head`, is no failure; a disk that is full is one, and ends the command. */
function endWithReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    if (stream === process.stdout) report(error)
    process.exit(describeFailure(error).exitCode)
  })
}

async function main(argv: readonly string[]): Promise<void> {
  endWithReader(process.stdout)
  endWithReader(process.stderr)
  const signal = abortOnInterrupt()
  const program = await buildProgram(argv, signal)
  try {
    if (argv.length === 0) program.outputHelp()
    else await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    const printed = error instanceof CommanderError && error.exitCode === 0
    if (!printed && !signal.aborted) report(error, innermost(program, argv))
  }
  if (signal.aborted) process.exitCode = INTERRUPTED
}

/** Older versions fail in odd places, so they are refused at once. */
function assertNodeVersion(): void {
  const [major] = process.versions.node.split('.').map(Number)
  if (major >= 20) return
  process.stderr.write(`fovea: Node ${process.versions.node} is too old; install Node 20 or newer\n`)
  process.exit(5)
}

process.on('uncaughtException', (error) => {
  report(error)
  process.exit()
})
assertNodeVersion()
await main(process.argv.slice(2))
