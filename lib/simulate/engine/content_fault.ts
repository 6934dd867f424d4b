/**
 * Applies content faults: another status, an HTML page, a redirect, broken JSON. Takes an API call and the plan of an
 * attempt, gives the answer. Faults on the wire belong to the answer writer.
 *
 * @module
 */

import { type Answer, type ApiCall, jsonAnswer, type Target } from "./profile.ts";
import { shortenBody, spoilBody, textBody } from "./body.ts";
import { placeIn, type Plan, type StatusFault } from "./fault.ts";

/** A redirect leads to the same target below this path, where the redirect fault does not apply. */
const movedPath = "/moved";

const page = `<!DOCTYPE html>
<html><head><title>Please wait</title></head>
<body><h1>Please wait</h1><p>Your request is being checked by a proxy that knows nothing of JSON.</p></body></html>
`;

/** The target without the prefix that a redirect has added. */
export function unmoved(target: Target): { readonly target: Target; readonly moved: boolean } {
  if (!target.path.startsWith(`${movedPath}/`)) return { target, moved: false };
  return { target: { ...target, path: target.path.slice(movedPath.length) }, moved: true };
}

/** The answer to a call under a plan. `target` is the request's; `nowMs`, unix milliseconds, dates a `Retry-After`. */
export function answerWith(
  call: ApiCall,
  { plan, target, nowMs }: { readonly plan: Plan; readonly target: string; readonly nowMs: number },
): Answer {
  const fault = plan.content;
  switch (fault?.kind) {
    case "status":
      return statusAnswer(fault, nowMs);
    case "redirect":
      return { status: 302, headers: [`location: ${movedPath}${target}`], body: textBody("") };
    case "html":
      return { status: 200, headers: ["content-type: text/html"], body: textBody(page) };
    case "next-page": {
      const answer = call.answer(undefined);
      return { ...answer, headers: [...answer.headers, 'link: <?page=2>; rel="next"'] };
    }
    case "malformed":
    case "truncate-json": {
      const answer = call.answer(undefined);
      const place = placeIn(answer.body.length, plan.place);
      const change = fault.kind === "malformed" ? spoilBody : shortenBody;
      return { ...answer, body: change(answer.body, place) };
    }
    default:
      return call.answer(plan.profile?.kind);
  }
}

function statusAnswer(fault: StatusFault, nowMs: number): Answer {
  if (fault.status === 204) return { status: 204, headers: [], body: textBody("") };
  const answer = jsonAnswer(fault.status, JSON.stringify({ status: "error", status_code: fault.status }));
  if (fault.retryAfterS === undefined) return answer;
  // An HTTP date has whole seconds. Round up: a date must not allow a retry before the fault's delay is over.
  const date = new Date(Math.ceil(nowMs / 1_000 + fault.retryAfterS) * 1_000);
  const value = fault.retryAfterDate === true ? date.toUTCString() : fault.retryAfterS;
  return { ...answer, headers: [...answer.headers, `retry-after: ${value}`] };
}
