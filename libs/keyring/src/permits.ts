import { AsyncLocalStorage } from 'node:async_hooks';

interface Permit {
  readonly userRef: string;
  readonly outer: Permit | undefined;
  isOpen: boolean;
}

/**
 * Who may open data of a restricted user: the code that `run` was given and what it calls, for one user, until it is done. Whatever it
 * left running has no permit from then on.
 */
export class Permits {
  readonly #scope = new AsyncLocalStorage<Permit>();

  async run<T>(userRef: string, work: () => Promise<T>): Promise<T> {
    const permit: Permit = { userRef, outer: this.#scope.getStore(), isOpen: true };
    try {
      return await this.#scope.run(permit, work);
    } finally {
      permit.isOpen = false;
    }
  }

  allows(userRef: string): boolean {
    for (let permit = this.#scope.getStore(); permit; permit = permit.outer) {
      if (permit.isOpen && permit.userRef === userRef) return true;
    }
    return false;
  }
}
