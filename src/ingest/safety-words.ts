/** Words that get a prompt refused most of the time in the simulation. */
export const SAFETY_WORDS = [
  'nsfw',
  'nude',
  'naked',
  'gore',
  'blood',
  'bloody',
  'violent',
  'violence',
  'explicit',
  'weapon',
];

const PATTERN = new RegExp(`\\b(?:${SAFETY_WORDS.join('|')})\\b`, 'i');

export function isUnsafe(text: string): boolean {
  return PATTERN.test(text);
}
