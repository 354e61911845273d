import { h } from './dom.js';
import { describe, type Report } from './recovery.js';

/** The strip that says what became of a time away. */
export class Strip {
  readonly element: HTMLElement = h('div', { role: 'status', class: 'strip-place' });

  show(report: Report | undefined): void {
    if (!report) return this.element.replaceChildren();
    const { state, recovered, lost, twice, away } = report;
    const good = lost === 0 && twice === 0 && state !== 'afresh';
    this.element.replaceChildren(
      h(
        'p',
        {
          class: `strip ${good ? 'good' : 'bad'}`,
          'data-testid': state === 'counting' ? 'recovering' : 'recovered',
          'data-state': state,
          'data-recovered': recovered,
          'data-lost': lost,
          'data-twice': twice,
          'data-away-ms': Math.round(away),
        },
        describe(report),
      ),
    );
  }
}
