import type { Expert } from './parse.ts'

/** What the roles are told. */

/** What experts are called. */
export const names = { vision: 'Vision Expert', reasoning: 'Reasoning Expert' } as const

export function dispatcher(question: string, memory: string, last?: Expert): string {
  const known = memory ? `\nYou asked the ${names[last!]} last. What is known so far:\n${memory}` : ''
  return `The task is: "${question}"
The facts that it needs are in an image that you cannot see, and hard reasoning is beyond you. Two experts help you:
- Vision Expert: sees the image and answers simple questions about it, such as "What color is the bird?"
- Reasoning Expert: sees no image, but calculates and concludes, such as "What is the acceleration of 1 kg under 1 N?"${known}
Whom do you ask now, and what? Reply in this form:
{
'Thought': 'why you ask',
'EXPERT': 'Vision Expert or Reasoning Expert',
'Question': 'what you ask'
}`
}

/** Before what a vision expert is asked. */
export const visionPrefix = 'Answer step by step. '

/** Its part and its question in one message: not every model has a place for instructions. */
export function reasoner(memory: string, question: string): string {
  const known = memory ? `What is known:\n${memory}` : ''
  return `You are a professor at a technical college. First reason, then end with "Final Answer:" and the result.
${known}Solve this step by step: ${question}`
}

export const referee = (question: string, memory: string): string => `The task is: "${question}"
What is known:
${memory}Does that suffice to solve the task? First weigh it, then end with "Answer: CAN_SOLVE" or "Answer: UNSOLVABLE".`

export const summarizer = (question: string, memory: string, open: boolean): string => `The task is: "${question}"
You cannot see the image, but this is known of it:
${memory}${open ? 'Give the answer to the task, and nothing else.' : 'First think, then end with "Answer:" and the answer.'}`
