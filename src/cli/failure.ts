/** What a failed command says and how it exits. */
import type { Command as Program } from 'commander'
import { CommanderError } from 'commander'
import { FoveaError } from '../errors.ts'
import { closest } from '../text/closest.ts'
import { escapeLine } from './escape.ts'
import { systemFailure } from './system-failure.ts'

/** The end of a command that did not succeed. */
export interface Failure {
  /** One line, safe to print. */
  readonly message: string
  readonly exitCode: number
}

const exitCodes = { usage: 2, input: 3, network: 4, resource: 5 } as const

/** One line and an exit code for whatever was thrown; `program` is the command it was thrown in, for suggestions. */
export function describeFailure(error: unknown, program?: Program): Failure {
  if (error instanceof FoveaError) return { message: escapeLine(error.message), exitCode: exitCodes[error.kind] }
  if (error instanceof CommanderError) return { message: escapeLine(usageMessage(error, program)), exitCode: 2 }
  if (isMissingBinding(error))
    return { message: escapeLine(bindingMessage(error as Error)), exitCode: exitCodes.resource }
  if (isMissingPackage(error))
    return { message: escapeLine(missingMessage(error as Error)), exitCode: exitCodes.resource }
  const lack = systemFailure(error)
  if (lack !== undefined) return { message: escapeLine(lack), exitCode: exitCodes.resource }
  const text = error instanceof Error ? error.message || error.name : String(error)
  const hint = process.env.FOVEA_DEBUG ? '' : ' (this is a bug in fovea; set FOVEA_DEBUG=1 for the stack)'
  return { message: escapeLine(text) + hint, exitCode: 1 }
}

/** A native library (onnxruntime, sharp, canvas) that is not there, or not made for this machine. */
function isMissingBinding(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code = '' } = error as NodeJS.ErrnoException
  return (
    code === 'ERR_DLOPEN_FAILED' || /Cannot find module .*\.node'|Could not load the "sharp" module/.test(error.message)
  )
}

/** A package or a file of Fovea that is not found: also what Node says where it cannot open one file more. */
const isMissingPackage = (error: unknown): boolean =>
  error instanceof Error && (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'

function missingMessage({ message }: Error): string {
  const [first] = message.split('\n')
  return `a part of fovea cannot be found; install it again, or allow more open files (ulimit -n) if that is low (${first})`
}

function bindingMessage({ message }: Error): string {
  const [first] = message.split('\n')
  return `a native library cannot be loaded; run npm ci on this machine, with optional dependencies (${first})`
}

/** Commander's message on one line, with the names that may have been meant. */
function usageMessage(error: CommanderError, program: Program | undefined): string {
  const message = error.message.replace(/^error: /, '').replace(/\.$/, '')
  const word = /'([^']*)'/.exec(message)?.[1].split('=')[0] ?? ''
  const owner = error.code === 'commander.unknownOption' ? ownerOf(word, program) : undefined
  if (owner) return `${message}; it is an option of ${fullName(owner)}`
  const near = closest(word, candidates(error.code, program))
  return `${message}; ${near.length > 0 ? `did you mean ${near.join(', ')}?` : `see ${fullName(program)} --help`}`
}

/** The subcommand, or the command above, that has the option. */
function ownerOf(word: string, program: Program | undefined): Program | undefined {
  const others = program ? [...program.commands, ...(program.parent ? [program.parent] : [])] : []
  return others.find(({ options }) => options.some(({ long }) => long === word))
}

/** `fovea papers show` */
function fullName(program: Program | undefined | null): string {
  if (!program?.parent) return 'fovea'
  return `${fullName(program.parent)} ${program.name()}`
}

function candidates(code: string, program: Program | undefined): string[] {
  if (!program) return []
  if (code === 'commander.unknownCommand') return program.commands.map((command) => command.name())
  if (code !== 'commander.unknownOption') return []
  return [...program.options.flatMap((option) => option.long ?? []), '--help']
}
