import { h, icon } from './dom.js';
import type { Plug } from './plug.js';

/** How long the plug stays out by itself, in milliseconds. */
const HOLD = 6000;
const TICK = 200;

/** Pulls the plug, and puts it back after a while or when clicked again. */
export function plugButton(plug: Plug, pulled: () => void): HTMLButtonElement {
  const label = h('span', {}, 'Pull the plug');
  const button = h(
    'button',
    { type: 'button', class: 'plug', 'data-testid': 'plug', 'data-out': 'false' },
    icon('plug'),
    label,
  );
  let timer: ReturnType<typeof setInterval> | undefined;

  const plugIn = (): void => {
    clearInterval(timer);
    label.textContent = 'Pull the plug';
    button.dataset.out = 'false';
    plug.plugIn();
  };
  const pull = (): void => {
    const until = performance.now() + HOLD;
    const tick = (): void => {
      const left = until - performance.now();
      if (left <= 0) plugIn();
      else label.textContent = `Plug back in · ${Math.ceil(left / 1000)} s`;
    };
    button.dataset.out = 'true';
    plug.pull();
    timer = setInterval(tick, TICK);
    tick();
    pulled();
  };
  button.addEventListener('click', () => (plug.isOut ? plugIn() : pull()));
  return button;
}
