/** Events that the back end's form offers; each time another one of its kind. */
export const SAMPLES: Record<string, (n: number) => unknown> = {
  order_created: (n) => ({ id: 1041 + n, customer: pick(CUSTOMERS, n), total: 24.5 + 13 * n }),
  order_status_changed: (n) => ({ id: 1041 + (n >> 2), status: pick(STATUSES, n) }),
  stock_low: (n) => ({ product: pick(PRODUCTS, n), left: 9 - (n % 8) }),
  note: (n) => ({ text: pick(NOTES, n) }),
};

const CUSTOMERS = ['Mary Jackson', 'Alan Kay', 'Radia Perlman', 'Ken Thompson'];
const STATUSES = ['paid', 'packed', 'shipped', 'delivered'];
const PRODUCTS = ['Desk lamp', 'Notebook, A5', 'Fountain pen'];
const NOTES = ['Hello from the back end', 'The nightly import is done', 'A new version is out'];

function pick(list: string[], n: number): string {
  return list[n % list.length] as string;
}
