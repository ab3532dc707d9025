// Fault rules: which requests are to go wrong, and how. A rule that makes no sense is refused, as a test that
// relied on it would prove nothing.

import { between, demand, type Kind, misuse, OBJECT, oneOf, type Shape, TEXT, TEXTS } from "./shape.js";

/** An operation of the API. */
export type Operation = "create" | "list" | "delete" | "users" | "accounts" | "account";

/** Before the request is done, or after it was done. */
export type When = "before" | "after";

/** How a request goes wrong. */
export type Fault =
  /** No answer arrives: the `fetch` rejects. */
  | { kind: "drop"; when?: When | undefined }
  /** Another answer. `{{token}}` and `{{key}}` in its body stand for the request's token and the new key. */
  | {
      kind: "answer";
      status: number;
      headers?: Record<string, string> | undefined;
      body?: string | undefined;
      when?: When | undefined;
    }
  /** It takes this many milliseconds longer. */
  | { kind: "delay"; ms: number; when?: When | undefined }
  /** It is done, but at most this many bytes of the answer's body arrive. */
  | { kind: "cut"; bytes: number }
  /** It is done, but the answer is not JSON. */
  | { kind: "garbage" }
  /** No answer arrives, and it is done this many milliseconds later. */
  | { kind: "late"; ms: number }
  /** The key is created without its annotations. */
  | { kind: "strip-annotations" };

/** Which requests get a fault. */
export interface FaultRule {
  /** The operation that is affected. @default all of them */
  operation?: Operation | undefined;
  /** The id of the user, in the path, whose requests are affected. @default all of them */
  user?: string | undefined;
  /** How many matching requests are served normally first. @default 0 */
  skip?: number | undefined;
  /** How many requests get the fault. @default 1 */
  times?: number | undefined;
  /** How likely a request is to get the fault, from 0 to 1, until the rule is removed; instead of `times`. */
  share?: number | undefined;
  /** The seed of the random numbers for `share`. @default 0 */
  seed?: number | undefined;
  fault: Fault;
}

/** A rule, and how many requests have got its fault. */
export type ActiveFaultRule = FaultRule & { hits: number };

const WHEN = oneOf("before", "after");
const COUNT = between(0);

/** The two that say how long the body is cannot be set, and no header twice. */
const HEADERS: Kind = [
  "headers that can be sent",
  (value) => {
    try {
      const names = [...new Headers(value as Record<string, string>).keys()];
      const isWhole = TEXTS[1](value) && names.length === Object.keys(value as object).length;
      return isWhole && !/content-length|transfer-encoding/.test(names.join());
    } catch {
      return false;
    }
  },
];

/** The members of each kind of fault. */
const KINDS: Readonly<Record<Fault["kind"], Shape>> = {
  "drop": { when: WHEN },
  "answer": { status: between(200, 599), headers: HEADERS, body: TEXT, when: WHEN },
  "delay": { ms: COUNT, when: WHEN },
  "cut": { bytes: COUNT },
  "garbage": {},
  "late": { ms: COUNT },
  "strip-annotations": {},
};

/** The members that a fault must have, if its kind has them at all. */
const REQUIRED = ["status", "ms", "bytes"];

const RULE: Shape = {
  operation: oneOf("create", "list", "delete", "users", "accounts", "account"),
  user: TEXT,
  skip: COUNT,
  times: between(1),
  share: ["a number from 0 to 1", (value) => typeof value === "number" && value >= 0 && value <= 1],
  seed: COUNT,
  fault: OBJECT,
};

/** Throws a `TypeError` that names what is wrong with a rule. */
function check(rule: FaultRule): void {
  demand(rule, "rule", RULE, ["fault"]);
  const { operation, times, share, fault } = rule;
  if (times != null && share != null) throw misuse("rule has both times and share");
  const { kind, ...members } = fault;
  if (kind === "strip-annotations" && operation !== "create") throw misuse('rule.operation must be "create"');
  demand({ kind }, "rule.fault", { kind: oneOf(...Object.keys(KINDS)) }, ["kind"]);
  demand(members, "rule.fault", KINDS[kind], REQUIRED);
}

/** The active rules. */
export type Faults = ReturnType<typeof createFaults>;

/** Makes a list of rules, empty at first. */
export function createFaults() {
  let active: { readonly rule: FaultRule; readonly random: () => number; hits: number; seen: number }[] = [];
  return {
    /** Adds a rule. Throws a `TypeError` that names what is wrong with it. */
    add(rule: FaultRule): void {
      check(rule);
      active.push({ rule: structuredClone(rule), random: randomFrom(rule.seed ?? 0), hits: 0, seen: 0 });
    },

    /** The rules, oldest first. */
    list: (): ActiveFaultRule[] => active.map(({ rule, hits }) => structuredClone({ ...rule, hits })),

    /** Removes every rule. */
    clear(): void {
      active = [];
    },

    /** The fault for a request: that of the first rule that applies. */
    next(operation: Operation, user: string): Fault | undefined {
      const found = active.find((each) => {
        const { rule, random } = each;
        if ((rule.operation ?? operation) !== operation || (rule.user ?? user) !== user) return false;
        each.seen += 1;
        if (each.seen <= (rule.skip ?? 0)) return false;
        const isHit = rule.share == null ? each.hits < (rule.times ?? 1) : random() < rule.share;
        if (isHit) each.hits += 1;
        return isHit;
      });
      return found?.rule.fault;
    },
  };
}

/** Random numbers from 0 to 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}
