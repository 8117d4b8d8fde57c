/** What a person sees while a backend wakes, as configured. */
export interface WaitingPage {
  /** For how long a navigation is held before it gets the page, milliseconds. */
  readonly afterMs: number;
  /** In place of the built-in ones, in whichever language. */
  readonly title: string | undefined;
  readonly text: string | undefined;
  /** Path on the same origin, or data: URL of an image. */
  readonly logo: string | undefined;
  /** `#rgb` or `#rrggbb`. */
  readonly color: string;
  /** Path of a file that the plugin reads. */
  readonly template: string | undefined;
}
