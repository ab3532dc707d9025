// The parts of the platform's module that this package uses. A worker's own project has the full types.

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
      setAlarm(time: number): Promise<void>;
      deleteAll(): Promise<void>;
    };
  }
}
