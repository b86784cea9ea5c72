import { tokenCount } from '../prompt-record.ts';
import type { EnrichmentProvider } from './provider.ts';

/** Words by label, the first label of the most hits wins; no hit at all is the last resort below. */
const DOMAINS: readonly (readonly [string, RegExp])[] = [
  [
    'fanart',
    words(
      'batman|superman|spider-?man|pikachu|pokemon|mario|zelda|star wars|darth vader|marvel|hobbit|harry potter|fan ?art',
    ),
  ],
  ['scifi', words('spaceship|space|planet|robot|cyborg|cyberpunk|sci-?fi|futuristic|alien|android|mecha|astronaut')],
  ['fantasy', words('dragon|elf|wizard|sorceress|magic|magical|fairy|castle|knight|orc|unicorn|fantasy|mythical')],
  ['portrait', words('portrait|face|headshot|selfie|close ?up')],
  ['animal', words('fox|cat|cats|dog|dogs|horse|bird|whale|wolf|lion|bear|fish|animal|kitten|puppy')],
  ['character', words('man|woman|girl|boy|warrior|samurai|king|queen|character|soldier|sailor|person')],
  [
    'environment',
    words(
      'landscape|mountain|lake|forest|jungle|city|street|temple|lighthouse|storm|sea|ocean|sky|sunset|interior|house|village',
    ),
  ],
];
const OTHER_DOMAIN = 'object';

const STYLES: readonly (readonly [string, RegExp])[] = [
  ['oil painting', words('oil painting|oil on canvas|matte painting|impasto|baroque')],
  ['watercolor', words('watercolor|watercolour|aquarelle|gouache')],
  ['sketch', words('sketch|pencil|charcoal|line art|drawing|ink')],
  ['3d render', words('3d|octane|unreal engine|blender|render|cgi')],
  ['anime', words('anime|manga|ghibli|cel shaded')],
  ['pixel art', words('pixel art|8-?bit|16-?bit|pixelated')],
  ['concept art', words('concept art|artstation|moebius')],
  ['pop art', words('pop art|warhol|lichtenstein|comic')],
  ['photography', words('photograph|photography|photo|35mm|polaroid|bokeh|dslr')],
];
const OTHER_STYLE = 'digital art';

/** Complexity 1-5: how many of these token counts and of these phrase counts the prompt passes, at most 4, plus 1. */
const TOKEN_STEPS = [8, 20, 40, 65] as const;
const PHRASE_STEPS = [2, 5, 9, 14] as const;

/** Labels by keywords: no model, offline, the same for the same text. */
export const keywordLabels: EnrichmentProvider = {
  kind: 'llm',
  name: 'keyword-labels',
  enrich: async (prompts) =>
    prompts.map(({ text }) => ({
      llm_domain: bestOf(DOMAINS, text) ?? OTHER_DOMAIN,
      llm_art_style: bestOf(STYLES, text) ?? OTHER_STYLE,
      llm_complexity_score: complexity(text),
      llm_model: 'keyword-labels',
    })),
};

function bestOf(labels: readonly (readonly [string, RegExp])[], text: string): string | null {
  let best: string | null = null;
  let most = 0;
  for (const [label, pattern] of labels) {
    const hits = text.match(pattern)?.length ?? 0;
    if (hits > most) {
      most = hits;
      best = label;
    }
  }
  return best;
}

function complexity(text: string): number {
  const tokens = tokenCount(text);
  const phrases = text.split(',').length;
  const byTokens = TOKEN_STEPS.filter((step) => tokens > step).length;
  const byPhrases = PHRASE_STEPS.filter((step) => phrases > step).length;
  return 1 + Math.max(byTokens, byPhrases);
}

function words(alternatives: string): RegExp {
  return new RegExp(`\\b(?:${alternatives})\\b`, 'gi');
}
