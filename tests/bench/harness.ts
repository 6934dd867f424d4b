/**
 * The benchmark harness: contestants do the same work in turns within one run. The machine may be shared and noisy, so
 * ratios are taken within a round, and the median over the rounds is reported.
 *
 * @module
 */

import { messageOf } from "../../lib/errors.ts";
import { type Command, type Ended, runCommand } from "./process.ts";

/** No round starts later than this after the first one, so a busy machine runs fewer rounds. */
const raceSeconds = 60;

/** A contestant. */
export interface Contestant {
  readonly name: string;
  /** Undefined where the program is not installed. */
  readonly command: Command | undefined;
  /** Slow: runs one round only. */
  readonly isSlow?: boolean;
  /** Clears away what an earlier round left. */
  readonly before?: () => Promise<void>;
  /** Told in `Ended`: whether all of the work was done. */
  readonly isDone: (ended: Ended) => boolean;
}

/** Contestants with the same work. */
export interface Race {
  /** What the work is. */
  readonly title: string;
  /** Unit of the figure, such as `MB/s`. */
  readonly unit: string;
  /** Turns seconds into the figure. */
  readonly figure: (seconds: number) => number;
  /** By default each one's figure is compared with that of the first, in the same round. */
  readonly contestants: readonly Contestant[];
  /** A figure that is known beforehand, to compare with instead. */
  readonly ideal?: { readonly name: string; readonly figure: number };
  /** How often the contestants take turns at most. */
  readonly rounds: number;
}

/** The result of a contestant. */
export interface Result {
  readonly name: string;
  /** One a round. */
  readonly figures: readonly number[];
  /** The program is there to be run. */
  readonly isInstalled: boolean;
  /** Why it was given up, if it was. */
  readonly failure: string | undefined;
  /** The median of the rounds' ratios; undefined where there is nothing to compare with. */
  readonly ratio: number | undefined;
  /** Over all rounds. */
  readonly peakBytes: number | undefined;
}

/** The context of a question. */
export interface BenchContext {
  /** An empty folder, removed in the end. */
  readonly folder: string;
  /** Size of a generated file. */
  readonly fileBytes: number;
  /** Aborted when the user has had enough. */
  readonly signal: AbortSignal;
  /** Shows what is under way. */
  readonly note: (text: string) => void;
}

/** A question, which the benchmark answers with a table. */
export interface Scenario {
  readonly name: string;
  /** One sentence, above the table. */
  readonly about: string;
  /** Gives each race's results as they come. */
  readonly ask: (context: BenchContext) => AsyncIterable<Outcome>;
}

/** The result of a race. */
export interface Outcome {
  readonly race: Race;
  readonly results: readonly Result[];
}

/** Measurements of a contestant so far. */
interface Score {
  readonly contestant: Contestant;
  readonly figures: number[];
  readonly ratios: number[];
  peakBytes: number | undefined;
  failure: string | undefined;
}

/**
 * Runs a race: A B C, A B C, …; a slow contestant runs in the first round only.
 *
 * @throws The signal's reason, once it is aborted.
 */
export async function compare(race: Race, { signal, note }: BenchContext): Promise<Outcome> {
  const scores = race.contestants.map((contestant): Score => ({
    contestant,
    figures: [],
    ratios: [],
    peakBytes: undefined,
    failure: undefined,
  }));
  const startedMs = performance.now();
  for (let round = 1; round <= race.rounds; round++) {
    if (performance.now() - startedMs > raceSeconds * 1_000) break;
    let base = race.ideal?.figure;
    for (const score of scores) {
      if (score.failure !== undefined || (round > 1 && score.contestant.isSlow === true)) continue;
      note(`${race.title}: ${score.contestant.name}, round ${round} of ${race.rounds}`);
      const seconds = await scored(score, signal);
      if (seconds === undefined) continue;
      const figure = race.figure(seconds);
      score.figures.push(figure);
      if (score === scores[0]) base ??= figure;
      if (base !== undefined) score.ratios.push(figure / base);
    }
  }
  return { race, results: [...idealOf(race), ...scores.map(resultOf)] };
}

/** The median; undefined for an empty list. */
export function median(numbers: readonly number[]): number | undefined {
  const sorted = numbers.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

/** Seconds of one turn; on failure, records the failure and returns undefined. */
async function scored(score: Score, signal: AbortSignal): Promise<number | undefined> {
  const { command, before, isDone } = score.contestant;
  if (command === undefined) return undefined;
  try {
    signal.throwIfAborted();
    await before?.();
    const ended = await runCommand(command, signal);
    if (!isDone(ended)) {
      throw new Error(`not all of the work was done: ${messageOf(ended.text).slice(0, 120)}`);
    }
    score.peakBytes = Math.max(score.peakBytes ?? 0, ended.peakBytes ?? 0) || undefined;
    return ended.seconds;
  } catch (error) {
    signal.throwIfAborted();
    score.failure = messageOf(error);
    return undefined;
  }
}

function resultOf({ contestant, figures, ratios, peakBytes, failure }: Score): Result {
  const isInstalled = contestant.command !== undefined;
  return { name: contestant.name, figures, isInstalled, failure, ratio: median(ratios), peakBytes };
}

function idealOf({ ideal }: Race): Result[] {
  if (ideal === undefined) return [];
  const known = { figures: [ideal.figure], isInstalled: true, failure: undefined, peakBytes: undefined };
  return [{ name: ideal.name, ratio: 1, ...known }];
}
