import type { z } from 'zod'
import type { PlaceFunctions } from '../pipeline/method/method.ts'
import type { Recipe } from '../training/recipe.ts'
import type { Lab } from './reports/lab.ts'
import type { Leaf } from './reports/leaf.ts'
import type { Exact, PaperFigure, Part, Row } from './reports/row.ts'

/** What a paper contributes. Each kind is a folder under `src/papers/`; a paper lives in the folder of its first kind. */
export const KINDS = [
  'partition',
  'encoder',
  'tokenizer',
  'connector',
  'reducer',
  'position',
  'compute',
  'decoding',
  'agent',
  'training',
  'evaluation',
  'interpretability',
  'application',
  'survey',
] as const
export type Kind = (typeof KINDS)[number]

/** Where a paper intervenes, in the order in which an image passes through. */
export type Place =
  | 'see.frames'
  | 'see.views'
  | 'see.layer'
  | 'see.patches'
  | 'see.connector'
  | 'see.tokens'
  | 'read.positions'
  | 'read.prompt'
  | 'read.sequence'
  | 'read.layer'
  | 'read.attention'
  | 'read.feedForward'
  | 'read.linear'
  | 'read.heads'
  | 'talk.answer'
  | 'talk.branches'
  | 'talk.logits'
  | 'talk.step'
  | 'stream'
  | 'training'
  | 'evaluation'

/** One entry of the catalogue; the command line, the studio and the docs show what is written here. */
export interface Paper<Options extends z.ZodObject = z.ZodObject> {
  /** Slug, equal to the file name. */
  id: string
  /** The short name people use. */
  name: string
  title: string
  /** arXiv identifier without version, such as `2403.06764`. */
  arxiv?: string
  /** `https://arxiv.org/abs/...`, or the publisher's page of a paper that is not on arXiv; baselines have none. */
  url?: string
  /** One of the catalogue's papers (the default), an algorithm from elsewhere, or a baseline to compare with. */
  role?: 'catalogue' | 'algorithm' | 'baseline'
  /** The authors' public repository. Some hold weights, data or a readme rather than the whole method. */
  code?: string
  /** Month of the first version, `YYYY-MM`. */
  date: string
  /** Where it was published after review, such as `NeurIPS 2024`. */
  venue?: string
  /** The first kind is the home folder. */
  kind: [Kind, ...Kind[]]
  /** The problem, the idea and what it buys, in one to three sentences and at most 420 characters. */
  summary: string
  /** The rule, in lines of LaTeX of a formula each. Every reducer has one. */
  equation?: string
  /** What its symbols are, and what is done with them. */
  where?: string
  /** What is otherwise than in the paper or its released code, and what was decided where they say nothing; a sentence each. */
  differs?: readonly string[]
  /** Empty for surveys, which change nothing. */
  places: Place[]
  /** Options of the method, declared once; flags, request fields and forms are derived from them. */
  options?: Options
  /** Options that its page shows it with, where those by default need something to be trained first. */
  example?: Readonly<Partial<z.output<Options>>>
  /** Builds the method. In method form, not a property, so that entries with options of their own fit in `Paper[]`. */
  method?(options: z.output<Options>): PlaceFunctions
  /** How the weights of the method come about. */
  recipe?(options: z.output<Options>): Recipe
  /**
   * Exact invariants of the paper's own, as they are found, beside those that every method is held to. `options` are the
   * defaults.
   */
  checks?(lab: Lab, options: z.output<Options>): AsyncIterable<Exact>
  /**
   * Measures what the paper claims: the rows of `lab.part`, as they are found; called once for each part. Where it is
   * absent, a method that only chooses tokens inherits the default run. `options` are the defaults.
   */
  run?(lab: Lab, options: z.output<Options>): AsyncIterable<Row>
  /**
   * The parts that must hold before the paper counts as done; without it, those that the default run ends in, or checks
   * and effect where the paper has a run of its own. A paper that claims to save something owes a headline.
   */
  claims?: readonly Part[]
  /** Of a survey: its branches, each with what stands for it here. Its page shows them with their states. */
  taxonomy?: readonly Leaf[]
  /** Figures that the paper states, by the name of the row of the default run that stands beside each. */
  reported?: Readonly<Record<string, PaperFigure>>
}

export type { PlaceFunctions } from '../pipeline/method/method.ts'

/** Declares a paper. Returns the entry as it is; the call is there to check its types and to infer its options. */
export const paper = <Options extends z.ZodObject>(entry: Paper<Options>): Paper<Options> => entry
