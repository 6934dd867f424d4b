/**
 * The answers that say something wrong: another status, a page, a redirect, JSON that is none. Takes a question and
 * the plan of an attempt, gives the answer. What goes wrong on the wire is the server's.
 *
 * @module
 */

import { type Answer, jsonAnswer, type Question, type Target } from "./profile.ts";
import { shortenBody, spoilBody, textBody } from "./body.ts";
import { placeIn, type Plan, type StatusFault } from "./fault.ts";

/** A redirect leads to the same target under this path, where there is no redirect any more. */
const MOVED_PATH = "/moved";

const PAGE = `<!DOCTYPE html>
<html><head><title>Please wait</title></head>
<body><h1>Please wait</h1><p>Your request is being checked by a proxy that knows nothing of JSON.</p></body></html>
`;

/** The target without what a redirect has put before it. */
export function unmoved(target: Target): { readonly target: Target; readonly moved: boolean } {
  if (!target.path.startsWith(`${MOVED_PATH}/`)) return { target, moved: false };
  return { target: { ...target, path: target.path.slice(MOVED_PATH.length) }, moved: true };
}

/** The answer to a question, wrong as planned. `target` is the request's own; `nowMs` is for a date to retry at. */
export function answerWith(
  question: Question,
  { plan, target, nowMs }: { readonly plan: Plan; readonly target: string; readonly nowMs: number },
): Answer {
  const fault = plan.content;
  switch (fault?.kind) {
    case "status":
      return statusAnswer(fault, nowMs);
    case "redirect":
      return { status: 302, headers: [`location: ${MOVED_PATH}${target}`], body: textBody("") };
    case "html":
      return { status: 200, headers: ["content-type: text/html"], body: textBody(PAGE) };
    case "malformed":
    case "truncate-json": {
      const answer = question.answer(undefined);
      const place = placeIn(answer.body.length, plan.place);
      const change = fault.kind === "malformed" ? spoilBody : shortenBody;
      return { ...answer, body: change(answer.body, place) };
    }
    default:
      return question.answer(fault);
  }
}

function statusAnswer(fault: StatusFault, nowMs: number): Answer {
  const answer = jsonAnswer(fault.status, JSON.stringify({ status: "error", status_code: fault.status }));
  if (fault.retryAfterS === undefined) return answer;
  // A date has whole seconds: rounded up, so that nobody is let in too early.
  const date = new Date(Math.ceil(nowMs / 1_000 + fault.retryAfterS) * 1_000);
  const value = fault.retryAfterDate === true ? date.toUTCString() : fault.retryAfterS;
  return { ...answer, headers: [...answer.headers, `retry-after: ${value}`] };
}
