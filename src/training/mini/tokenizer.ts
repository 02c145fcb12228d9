/** Ids 0-4 of fovea-mini's tokenizer. */
export const specialTokens = ['<pad>', '<eos>', '<user>', '<assistant>', '<image>'] as const
export const special = { pad: 0, eos: 1, user: 2, assistant: 3, image: 4 }

/** A turn of the chat: what stands before a question, before an answer, and behind it. Images come before all turns. */
export const turn = { user: special.user, assistant: special.assistant, end: special.eos }

const written = (id: number): string => `{{ '${specialTokens[id]}' }}`

/** The same as a chat template. */
export const chatTemplate =
  "{% for message in messages %}{% if message['content'] is not string %}{% for part in message['content'] %}" +
  `{% if part['type'] == 'image' %}${written(special.image)}{% elif part['type'] == 'video' %}{{ '<video>' }}` +
  '{% endif %}{% endfor %}{% endif %}' +
  `{% if message['role'] == 'user' %}${written(turn.user)}{% else %}${written(turn.assistant)}{% endif %}` +
  "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}" +
  "{% if part['type'] == 'text' %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}" +
  `{% if message['role'] == 'assistant' %}${written(turn.end)}{% endif %}{% endfor %}` +
  `{% if add_generation_prompt %}${written(turn.assistant)}{% endif %}`
