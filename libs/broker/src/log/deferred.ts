/** A promise that is settled from outside. */
export class Deferred {
  readonly promise: Promise<void>;
  resolve: () => void = () => undefined;
  reject: (error: Error) => void = () => undefined;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Whoever awaits the promise gets the rejection; that nobody awaits it yet is no reason to end the process.
    this.promise.catch(() => undefined);
  }
}
