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
  | { kind: "strip-annotations" }
  /** A create with an annotation whose value has more characters is refused. */
  | { kind: "longest-annotation"; characters: number }
  /** The list shows neither the keys nor the deletions of the latest milliseconds. */
  | { kind: "list-lag"; ms: number }
  /** A key that was made in the latest milliseconds is not accepted, and one that was deleted in them is. */
  | { kind: "key-lag"; ms: number }
  /** The list comes whole, whatever page was asked for. */
  | { kind: "no-paging" }
  /** The service's clock is this many milliseconds ahead; behind if they are negative. */
  | { kind: "clock"; ms: number }
  /** It is done, but no page may read the answer: the `fetch` rejects, as it does in a page. */
  | { kind: "no-cors" };

/** The members of all kinds of faults; none of them where nothing goes wrong. */
export interface FaultMembers {
  readonly kind?: Fault["kind"] | undefined;
  readonly when?: When | undefined;
  readonly ms?: number | undefined;
  readonly bytes?: number | undefined;
  readonly characters?: number | undefined;
  readonly status?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
}

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

/** The longest time that something can lag behind, in milliseconds. */
const LONGEST_LAG = 3_600_000;

/** How far the clock can be off: fifty years, in milliseconds. */
const FARTHEST = 1_576_800_000_000;

const WHEN = oneOf("before", "after");
const COUNT = between(0);
const LAG = between(0, LONGEST_LAG);

/** The two that say how long the body is cannot be set, and no header twice. */
const HEADERS: Kind = [
  "valid headers",
  (value) => {
    const names = [...new Headers(value as Record<string, string>).keys()];
    const isWhole = TEXTS[1](value) && names.length === Object.keys(value as object).length;
    return isWhole && !/content-length|transfer-encoding/.test(names.join());
  },
];

/** The members of each kind of fault, and the operations that it is for, if it is not for all. */
const KINDS: Readonly<Record<Fault["kind"], readonly [members: Shape, ...operations: Operation[]]>> = {
  "drop": [{ when: WHEN }],
  "answer": [{ status: between(200, 599), headers: HEADERS, body: TEXT, when: WHEN }],
  "delay": [{ ms: COUNT, when: WHEN }],
  "cut": [{ bytes: COUNT }],
  "garbage": [{}],
  "late": [{ ms: COUNT }],
  "strip-annotations": [{}, "create"],
  "longest-annotation": [{ characters: COUNT }, "create"],
  "list-lag": [{ ms: LAG }, "list"],
  "key-lag": [{ ms: LAG }],
  "no-paging": [{}, "list", "users", "accounts"],
  "clock": [{ ms: between(-FARTHEST, FARTHEST) }],
  "no-cors": [{}],
};

/**
 * Faults that are other ones by another name. A page learns no more of an answer that it may not read than
 * of one that is lost.
 */
const SAME: Readonly<Record<string, FaultMembers>> = {
  "garbage": { kind: "answer", body: "<html>", when: "after" },
  "no-cors": { kind: "drop", when: "after" },
};

/** The members that a fault must have, if its kind has them at all. */
const REQUIRED = ["status", "ms", "bytes", "characters"];

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
  if (times != null && share != null) throw misuse("rule has times and share");
  const { kind, ...members } = fault;
  demand({ kind }, "rule.fault", { kind: oneOf(...Object.keys(KINDS)) }, ["kind"]);
  const [shape, ...operations] = KINDS[kind];
  demand(members, "rule.fault", shape, REQUIRED);
  if (operations[0]) demand({ operation }, "rule", { operation: oneOf(...operations) }, ["operation"]);
}

/** The active rules. */
export type Faults = ReturnType<typeof createFaults>;

/** Makes a list of rules, empty at first. */
export function createFaults() {
  let active: { readonly rule: FaultRule; random: number; hits: number; seen: number }[] = [];
  return {
    /** Adds a rule. Throws a `TypeError` that names what is wrong with it. */
    add(rule: FaultRule): void {
      check(rule);
      active.push({ rule: structuredClone(rule), random: rule.seed ?? 0, hits: 0, seen: 0 });
    },

    /** The rules, oldest first. */
    list: (): ActiveFaultRule[] => active.map(({ rule, hits }) => structuredClone({ ...rule, hits })),

    /** Removes every rule. */
    clear(): void {
      active = [];
    },

    /** The fault for a request: that of the first rule that applies. */
    next(operation: Operation, user: string): FaultMembers {
      const found = active.find((each) => {
        const { rule } = each;
        if ((rule.operation ?? operation) !== operation || (rule.user ?? user) !== user) return false;
        if (each.seen++ < (rule.skip ?? 0)) return false;
        each.random = (each.random * 75 + 74) % 65_537;
        const isHit = rule.share == null ? each.hits < (rule.times ?? 1) : each.random < rule.share * 65_537;
        if (isHit) each.hits += 1;
        return isHit;
      });
      const fault: FaultMembers = found?.rule.fault ?? {};
      return SAME[fault.kind ?? ""] ?? fault;
    },
  };
}
