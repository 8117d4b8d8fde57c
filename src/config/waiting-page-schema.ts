/** `waiting_page` of a backend. Kong fills in a nested record whether it was written or not, so a flag says that it is wanted. */
export const waitingPage = {
  type: 'object',
  additionalProperties: false,
  default: {},
  properties: {
    enabled: {
      type: 'boolean',
      default: false,
      description: 'Whether a browser that opens a page of this backend is shown the waiting page while it wakes.',
    },
    after: {
      type: 'integer',
      default: 1500,
      minimum: 0,
      maximum: 60_000,
      'x-unit': 'ms',
      description:
        'For how long a navigation is held before it gets the page: who waits for less never sees it. All other requests are held ' +
        'as ever.',
    },
    title: {
      type: 'string',
      minLength: 1,
      maxLength: 120,
      pattern: '^[^\n]+$',
      'x-write': 'a title in one line, at most 120 characters',
      'x-default': 'in the language of the browser',
      description: 'Title of the page, in every language.',
    },
    text: {
      type: 'string',
      minLength: 1,
      maxLength: 500,
      pattern: '^[^\n]+$',
      'x-write': 'a text in one line, at most 500 characters',
      'x-default': 'in the language of the browser',
      description: 'What the page says below its title, in every language.',
    },
    logo: {
      type: 'string',
      minLength: 1,
      maxLength: 4000,
      pattern: '^[/d][!$-;=?-~]*$',
      'x-write': 'a path such as "/brand/logo.svg", or a data: URL of an image',
      'x-default': 'none',
      'x-form': 'path or data: URL',
      description:
        'Image above the title: a data: URL, or a path on the same origin that does not lead to the backend, which sleeps.',
    },
    color: {
      type: 'string',
      default: '#2563eb',
      minLength: 4,
      maxLength: 7,
      pattern: '^#[0-9A-Fa-f]+$',
      'x-write': 'a colour as "#rgb" or "#rrggbb"',
      'x-form': 'colour',
      description: 'Accent of the page. Its text and background follow the light or dark of the browser.',
    },
    template: {
      type: 'string',
      minLength: 2,
      maxLength: 1024,
      pattern: '^/[!-~]+$',
      'x-write': 'the absolute path of a file, such as "/etc/serverless/waiting.html"',
      'x-default': 'the built-in page',
      'x-form': 'path',
      description:
        "File with a page of one's own, where the plugin runs: mounted from a ConfigMap, say. See [the waiting page](guides/waiting-page.md).",
    },
  },
  'x-write': 'an object such as {enabled: true}',
  description: 'What a person sees while the backend wakes, in place of a blank tab. Off unless `enabled`.',
} as const;
