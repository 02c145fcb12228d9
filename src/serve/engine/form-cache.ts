import type { ModelParts } from '../../pipeline/parts.ts'
import { jsonObject, schemaForm } from '../../text/forms/json-schema.ts'
import { regexForm } from '../../text/forms/regex.ts'
import { TokenForm, type TokenTexts, tokenTexts } from '../../text/forms/token-form.ts'
import type { AnswerForm } from './job.ts'

/** Forms that are kept ready. */
const MOST = 16

/** The forms that answers were asked to have. */
export class FormCache {
  private texts: TokenTexts | undefined
  private readonly kept = new Map<string, TokenForm>()

  constructor(private readonly parts: ModelParts) {}

  /** Throws FoveaError what a schema or a regular expression is refused for. */
  find(form: AnswerForm): TokenForm {
    const key = JSON.stringify(form)
    const made = this.kept.get(key) ?? this.make(form)
    this.kept.delete(key)
    this.kept.set(key, made)
    if (this.kept.size > MOST) this.kept.delete(this.kept.keys().next().value!)
    return made
  }

  private make(form: AnswerForm): TokenForm {
    const tree = 'regex' in form ? regexForm(form.regex) : form.schema === true ? jsonObject : schemaForm(form.schema)
    this.texts ??= tokenTexts(this.parts.tokenizer)
    return new TokenForm(tree, this.texts, this.parts.eosIds)
  }
}
