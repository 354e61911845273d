/** How long the server may take to answer a ping, in milliseconds. */
const ANSWER = 10_000;

/** How often to look whether the machine slept, in milliseconds. */
const TICK = 5_000;

/** Finds out that a connection is dead although nobody closed it. */
export class Heartbeat {
  #interval = 0;
  #heard = 0;
  #ticked = 0;
  #tick: ReturnType<typeof setTimeout> | undefined;
  #answer: ReturnType<typeof setTimeout> | undefined;
  readonly #ping: () => void;
  readonly #dead: () => void;

  /** `ping` is to make the server say something; `dead` is called when it did not within 10 s. */
  constructor(ping: () => void, dead: () => void) {
    this.#ping = ping;
    this.#dead = dead;
  }

  /** Begins to watch a connection on which `interval` milliseconds of silence call for a ping. */
  start(interval: number): void {
    this.stop();
    this.#interval = interval;
    this.heard();
    this.#next();
  }

  /** The server said something, whatever it was. */
  heard(): void {
    this.#heard = Date.now();
    clearTimeout(this.#answer);
    this.#answer = undefined;
  }

  /** Asks at once whether the server is still there. */
  probe(): void {
    if (!this.#tick || this.#answer) return;
    this.#answer = setTimeout(this.#dead, ANSWER);
    this.#ping();
  }

  stop(): void {
    clearTimeout(this.#tick);
    clearTimeout(this.#answer);
    this.#tick = this.#answer = undefined;
  }

  #next(): void {
    this.#ticked = Date.now();
    const quiet = this.#ticked - this.#heard;
    // While a ping is out, only the answer or its deadline matters.
    const wait = quiet < this.#interval ? Math.min(TICK, this.#interval - quiet) : TICK;
    this.#tick = setTimeout(() => {
      const now = Date.now();
      // A tick that comes much too late (or before it was set: the clock was turned back) means that we slept.
      const slept = Math.abs(now - this.#ticked) > 2 * TICK;
      if (slept || now - this.#heard >= this.#interval) this.probe();
      this.#next();
    }, wait);
  }
}
