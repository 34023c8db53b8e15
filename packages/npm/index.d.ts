import { EventEmitter } from 'node:events';

export interface Event {
  event: string;
  at_ms?: number;
  connection?: number;
  [field: string]: unknown;
}
export interface Verdict extends Event {
  event: 'verdict';
  result: 'ok' | 'failed' | 'incomplete';
  connections: number;
  violations: { must: number; should: number };
  exit: number;
}
/** A command or a step: docs/play.md. */
export type Command = Record<string, unknown>;
export interface Script {
  about?: string;
  patience_ms?: number;
  connections: Record<string, unknown>[];
}
export interface WaitOptions {
  /** Milliseconds. */
  timeout?: number;
  /** How many of the events to pass over. */
  after?: number;
}

export class NotAsScripted extends Error {}

export class Peer extends EventEmitter implements AsyncDisposable {
  readonly url: string;
  readonly caFile?: string;
  readonly first: Event;
  readonly events: Event[];
  readonly verdict: Verdict | null;
  readonly violations: Event[];
  waitFor(event: string, fields?: Record<string, unknown>, options?: WaitOptions): Promise<Event>;
  command(command: Command): void;
  do(command: Command): Promise<void>;
  send(text: string): Promise<void>;
  why(): string;
  stop(): Promise<Verdict | null>;
  finish(options?: WaitOptions): Promise<Verdict>;
  [Symbol.asyncDispose](): Promise<void>;
}

export function binary(): string;
export function play(
  script?: Script,
  options?: { connect?: string; tls?: boolean; options?: string[] },
): Promise<Peer>;
export function tap(upstream: string, options?: { commands?: Command[]; options?: string[] }): Promise<Peer>;
export function judged(t: { after(fn: () => Promise<void>): void }, peer: Peer): Peer;
