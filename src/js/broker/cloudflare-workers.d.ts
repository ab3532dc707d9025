// What this package uses of the platform's own module. Whoever deploys a worker has its types.

declare module "cloudflare:workers" {
  export abstract class DurableObject<Env = unknown> {
    constructor(ctx: DurableObjectState, env: Env);
    protected ctx: DurableObjectState;
    protected env: Env;
    alarm?(): void | Promise<void>;
  }

  interface DurableObjectState {
    readonly storage: {
      readonly sql: {
        exec(query: string, ...values: (string | number | null)[]): { toArray(): Record<string, unknown>[] };
      };
      getAlarm(): Promise<number | null>;
      setAlarm(time: number): Promise<void>;
      deleteAlarm(): Promise<void>;
      deleteAll(): Promise<void>;
    };
  }
}
