/**
 * Filters: the nodes that they select, the examples of RFC 9535 included, the order of the nodes, and the limits.
 *
 * @module
 */

import assert from "node:assert/strict";
import { jsonLimits } from "../../../lib/limits.ts";
import { JsonLimitError } from "../../../lib/json/json_error.ts";
import { parsePath } from "../../../lib/json/path/path_parser.ts";
import { Query, type QueryPath } from "../../../lib/json/query.ts";
import { cuttings, record, textQuery, thrown } from "../support.ts";

function select(path: string, document: unknown): unknown[] {
  return record(textQuery(path), [JSON.stringify(document)]).texts.map(({ raw }) => JSON.parse(raw));
}

/** The document of table 12 of RFC 9535. */
const letters = {
  a: [3, 5, 1, 2, 4, 6, { b: "j" }, { b: "k" }, { b: {} }, { b: "kilo" }],
  o: { p: 1, q: 2, r: 3, s: 5, t: { u: 6 } },
  e: "f",
};

/** From section 1.5 of RFC 9535. */
const book = [
  { category: "reference", author: "Nigel Rees", title: "Sayings of the Century", price: 8.95 },
  { category: "fiction", author: "Evelyn Waugh", title: "Sword of Honour", price: 12.99 },
  { category: "fiction", author: "Herman Melville", title: "Moby Dick", isbn: "0-553-21311-3", price: 8.99 },
  {
    category: "fiction",
    author: "J. R. R. Tolkien",
    title: "The Lord of the Rings",
    isbn: "0-395-19395-8",
    price: 22.99,
  },
];
const store = { store: { book, bicycle: { color: "red", price: 399 } } };

const selections: readonly (readonly [path: string, document: unknown, expected: readonly unknown[]])[] = [
  ["$.a[?@.b == 'kilo']", letters, [{ b: "kilo" }]],
  ["$.a[?(@.b == 'kilo')]", letters, [{ b: "kilo" }]],
  ["$.a[?@>3.5]", letters, [5, 4, 6]],
  ["$.a[?@.b]", letters, [{ b: "j" }, { b: "k" }, { b: {} }, { b: "kilo" }]],
  ["$[?@.*]", letters, [letters.a, letters.o]],
  ["$[?@[?@.b]]", letters, [letters.a]],
  ['$.a[?@<2 || @.b == "k"]', letters, [1, { b: "k" }]],
  ["$.a[?match(@.b, '[jk]')]", letters, [{ b: "j" }, { b: "k" }]],
  ["$.a[?search(@.b, '[jk]')]", letters, [{ b: "j" }, { b: "k" }, { b: "kilo" }]],
  ["$.o[?@>1 && @<4]", letters, [2, 3]],
  ["$.o[?@.u || @.x]", letters, [{ u: 6 }]],
  ["$.a[?@.b == @.x]", letters, [3, 5, 1, 2, 4, 6]],
  ["$.a[?@ == @]", letters, letters.a],
  ["$..book[?@.isbn]", store, [book[2], book[3]]],
  ["$..book[?@.price<10].title", store, ["Sayings of the Century", "Moby Dick"]],
  ["$.store[?@.color]['color','price']", store, ["red", 399]],
  ["$.store.book[?@.category == 'fiction'][?@ > 20]", store, [22.99]],
  ["$..[?@.price > 20].price", store, [22.99, 399]],
  ["$..[?@..isbn]..isbn", store, ["0-553-21311-3", "0-395-19395-8"]],
  ["$[?@.store]", [store, 1], [store]],
  // Comparisons with Nothing, table 11.
  ["$[?@.x == @.y]", [{}, { x: 1 }], [{}]],
  ["$[?@.x <= @.y]", [{}, { x: 1 }], [{}]],
  ["$[?@.x >= @.y]", [{}, { y: 1 }], [{}]],
  ["$[?@.x < @.y]", [{}, { x: 1 }], []],
  ["$[?@.x != @.y]", [{}, { x: 1 }], [{ x: 1 }]],
  ["$[?@.x == 'g']", [{}, { x: "g" }], [{ x: "g" }]],
  ["$[?@.x != 'g']", [{}, { x: "g" }], [{}]],
  ["$[?@.x == null]", [{}, { x: null }, { x: 0 }, { x: false }], [{ x: null }]],
  ["$[?1 <= 2]", [7], [7]],
  ["$[?1 > 2]", [7], []],
  ["$[?13 == '13']", [7], []],
  ["$[?'a' <= 'b']", [7], [7]],
  ["$[?'a' > 'b']", [7], []],
  ["$[?true <= true]", [7], [7]],
  ["$[?true < true]", [7], []],
  ["$[?true > false]", [7], []],
  ["$[?null <= null]", [7], [7]],
  ["$[?@.o == @.a]", [{ o: { x: 1 }, a: [1] }], []],
  ["$[?@.o == @.p]", [{ o: { x: 1, y: [2] }, p: { y: [2], x: 1 } }, { o: {}, p: { x: 1 } }], [
    { o: { x: 1, y: [2] }, p: { y: [2], x: 1 } },
  ]],
  ["$[?@.o != @.p]", [{ o: { x: 1 }, p: { y: 1 } }], [{ o: { x: 1 }, p: { y: 1 } }]],
  ["$[?@.o <= @.p]", [{ o: [1, 2], p: [1, 2] }], [{ o: [1, 2], p: [1, 2] }]],
  ["$[?@.o < @.p]", [{ o: [1], p: [2] }], []],
  ["$[?1 <= @.a]", [{ a: [1] }, { a: 1 }], [{ a: 1 }]],
  ["$[?@ >= 'a' && @ <= 'ab']", ["a", "aa", "ab", "aba", "b", ""], ["a", "aa", "ab"]],
  ["$[?@ > '\uffee']", ["\ud83d\ude00", "\ufffe", "\uff00", "z"], ["\ud83d\ude00", "\ufffe"]],
  ["$[?@ < '\\uD83D\\uDE00']", ["\ud83d\ude01", "\ufffe"], ["\ufffe"]],
  // Literals.
  ["$[?@ == -0]", [0, 1], [0]],
  ["$[?@ == -0.5e+1]", [-5, 5], [-5]],
  ["$[?@ == 1E2]", [100], [100]],
  ["$[?@ == 'it\\'s \\u00e9\\n']", ["it's é\n"], ["it's é\n"]],
  ['$[?@ == "q\\"\\/\\\\"]', ['q"/\\'], ['q"/\\']],
  ["$[?@==true]", [true, false, 1, "true"], [true]],
  // Existence: null, false and empty values exist.
  ["$[?@.a]", [{ a: null }, { a: false }, { a: [] }, {}, [], 1, { b: { a: 1 } }], [
    { a: null },
    { a: false },
    { a: [] },
  ]],
  ["$[?!@.a]", [{ a: 1 }, {}, 2], [{}, 2]],
  ["$[?!(@.a && @.b)]", [{ a: 1, b: 1 }, { a: 1 }], [{ a: 1 }]],
  ["$[?@..b]", [{ a: [{ b: 0 }] }, { a: 1 }], [{ a: [{ b: 0 }] }]],
  ["$[?@['x'][0:2]]", [{ x: [] }, { x: [1] }], [{ x: [1] }]],
  ["$[?@[-1] == 3]", [[1, 3], [3, 1], []], [[1, 3]]],
  ["$[?count(@[::-1]) == 2]", [[1, 2], [1]], [[1, 2]]],
  ["$[?value(@[-1:]) == 1]", [[2, 1], [1, 2]], [[2, 1]]],
  ["$[?value(@[-1:-3:-2]) == 3]", [[1, 2, 3]], [[1, 2, 3]]],
  ["$[?@[0, ?@ > 5]]", [{ a: 6 }, { a: 5 }, [1]], [{ a: 6 }, [1]]],
  ["$[?@.__proto__]", [{}, { a: 1 }], []],
  ["$[?@.toString]", [{}, "a"], []],
  ["$[?@.length]", [[1], "a", { length: 1 }], [{ length: 1 }]],
  // Precedence and white space.
  ["$[?@.a || @.b && @.c]", [{ a: 1 }, { b: 1 }, { b: 1, c: 1 }], [{ a: 1 }, { b: 1, c: 1 }]],
  ["$[?(@.a || @.b) && @.c]", [{ a: 1 }, { b: 1, c: 1 }], [{ b: 1, c: 1 }]],
  ["$[?!@.a && !@.b]", [{ a: 1 }, { b: 1 }, {}], [{}]],
  ["$ [ ? \t@ .a\n[ 'b' ] == ( 1 ) ]".replace("( 1 )", "1"), [{ a: { b: 1 } }], [{ a: { b: 1 } }]],
  ["$[? ( ! ( @.a ) ) ]", [{ a: 1 }, {}], [{}]],
  // Functions.
  ["$[?length(@) > 1]", ["a", "ab", "\ud83d\ude00", [1], [1, 2], { a: 1, b: 2 }, 12, null], [
    "ab",
    [1, 2],
    { a: 1, b: 2 },
  ]],
  ["$[?length(@.a) == length(@.b)]", [{ a: 1 }, { a: "x", b: [0] }, { a: [] }], [{ a: 1 }, {
    a: "x",
    b: [0],
  }]],
  ["$[?length('abc') == 3]", [1], [1]],
  ["$[?length(value(@.*)) == 2]", [{ a: "ab" }, { a: "ab", b: 1 }], [{ a: "ab" }]],
  ["$[?count(@.*) == 2]", [[1, 2], { a: 1, b: 2 }, "ab", [1]], [[1, 2], { a: 1, b: 2 }]],
  ["$[?count(@['a','a']) == 2]", [{ a: 1 }], [{ a: 1 }]],
  ["$[?count( @..* )>2]", [{ a: { b: { c: 1 } } }, { a: 1 }], [{ a: { b: { c: 1 } } }]],
  ["$[?value(@..color) == 'red']", [{ a: { color: "red" } }, [{ color: "red" }, { color: "red" }]], [
    { a: { color: "red" } },
  ]],
  ["$[?match(@.date, '1974-05-..')]", [{ date: "1974-05-11" }, { date: "x1974-05-11" }, { date: 1974 }, {}], [
    { date: "1974-05-11" },
  ]],
  ["$[?match(@, 'a.c')]", ["abc", "a\nc", "a\rc", "a\u2028c", "a\ud83d\ude00c"], [
    "abc",
    "a\u2028c",
    "a\ud83d\ude00c",
  ]],
  ["$[?match(@, '[.]\\\\.\\\\-[\\\\-.]')]", ["..--", "..-.", "a.--", ".a--"], ["..--", "..-."]],
  ["$[?match(@, 'a|b')]", ["a", "b", "ab", "xb"], ["a", "b"]],
  ["$[?match(@, '\\\\p{Lu}+')]", ["ÄB", "ä"], ["ÄB"]],
  ["$[?search(@, 'a){1}(b')]", ["ab"], []],
  ["$[?match(@, 'a)|(?:b')]", ["a", "b"], []],
  ["$[?search(@, '[')]", ["["], []],
  ["$[?search(@.a, @.b)]", [{ a: "xay", b: "a" }, { a: "x", b: 1 }], [{ a: "xay", b: "a" }]],
  ["$[?!search(@, 'a')]", ["a", "b", 1], ["b", 1]],
  // With segments before, behind and within.
  ["$.x[1:][?@.k].v[*]", { x: [{ a: { k: 1, v: [0] } }, { b: { k: 1, v: [1, 2] }, c: { v: [3] } }] }, [1, 2]],
  ["$[?@.a][?@.b][?@.c]", [{ a: { b: { c: 1 } } }, { a: { b: { d: 0 } } }], [{ c: 1 }]],
  ["$[?@.a].a[?@ > 1]", [{ a: [1, 2] }, { b: [3] }, { a: [3] }], [2, 3]],
  ["$..[?@.a]", { x: { a: { a: 1 } }, y: [{ a: 2 }] }, [{ a: { a: 1 } }, { a: 1 }, { a: 2 }]],
  ["$..[?@.a]..b", { x: { a: { a: 1, b: 2 }, b: 3 } }, [2, 3]],
  ["$[?@.a]", 5, []],
  ["$[?@.a]", {}, []],
];

Deno.test("Tokenizer selects by a filter what RFC 9535 says", () => {
  for (const [path, document, expected] of selections) {
    // The texts of nested nodes are reported as the nodes end.
    const sorted = (values: readonly unknown[]) => values.map((value) => JSON.stringify(value)).sort();
    assert.deepEqual(sorted(select(path, document)), sorted(expected), path);
  }
});

Deno.test("Tokenizer selects the same by a filter when the text is cut anywhere", () => {
  for (const [path, document] of selections) {
    const query = textQuery(path, "$..a");
    const text = JSON.stringify(document, null, 1);
    const { calls } = record(query, [text]);
    const step = Math.ceil(text.length / 50);
    [...cuttings(text)].forEach((chunks, index) => {
      if (index < 2 || index % step === 0) assert.deepEqual(record(query, chunks).calls, calls, path);
    });
  }
});

/** A query of rows with two columns each, and of another path. */
function table(path: string, alone: string): Query {
  const within = (path: string): QueryPath => ({ path: parsePath(path), take: "text", within: 0 });
  return new Query([
    { path: parsePath(path), take: "visit" },
    within("$.id"),
    within("$.at"),
    { path: parsePath(alone), take: "text" },
  ]);
}

Deno.test("Tokenizer keeps a row and its columns together, and all in the document's order, when rows are filtered", () => {
  const text = '{"n":1,"rows":[{"id":1,"ok":true,"at":2},{"id":3},4,{"at":5, "ok":0 ,"id":6}],"n":7}';
  for (const chunks of cuttings(text)) {
    assert.deepEqual(record(table("$.rows[?@.ok]", "$.n"), chunks).calls, [
      "text 3 3 1",
      "enter 0 0",
      "text 1 3 1",
      "text 2 3 2",
      "leave 0",
      "enter 0 0",
      "text 2 3 5",
      "text 1 3 6",
      "leave 0",
      "text 3 3 7",
    ]);
  }
});

Deno.test("Tokenizer tells of unfiltered nodes in their order when they lie within filtered ones", () => {
  const text = '[{"id":1,"ok":1,"x":[8]},{"id":2,"x":[9]}]';
  assert.deepEqual(record(table("$[?@.ok]", "$[*].x[*]"), [text]).calls, [
    "enter 0 0",
    "text 1 3 1",
    "text 3 3 8",
    "leave 0",
    "text 3 3 9",
  ]);
});

Deno.test("Tokenizer opens the outer row first when filtered rows lie within each other", () => {
  const text = '{"a":{"ok":1,"id":1,"b":{"no":{"ok":1,"id":2}},"at":3}}';
  assert.deepEqual(record(table("$..[?@.ok]", "$..no"), [text]).calls, [
    "enter 0 0",
    "text 1 3 1",
    "enter 0 0",
    "text 1 3 2",
    'text 3 0 {"ok":1,"id":2}',
    "leave 0",
    "text 2 3 3",
    "leave 0",
  ]);
});

Deno.test("Tokenizer gives the raw text of filtered nodes as it stood", () => {
  const text = '[ {"k": 9007199254740993 , "s":"\\u0041" , "k2":[ 1.0 ]} ]';
  const { texts } = record(textQuery("$[?@.k]", "$[?@.k].*"), [text]);
  assert.deepEqual(texts.map(({ raw }) => raw), [
    "9007199254740993",
    '"\\u0041"',
    "[ 1.0 ]",
    '{"k": 9007199254740993 , "s":"\\u0041" , "k2":[ 1.0 ]}',
  ]);
});

Deno.test("Tokenizer follows filters through elements larger than its buffer, and brackets as deep as may be", () => {
  const rows = Array.from(
    { length: 3 },
    (_, id) => ({ id, fill: "é".repeat(50_000), list: [id, "x".repeat(90_000)] }),
  );
  assert.deepEqual(select("$[?@.id != 1].list[?@ == 2 || @ >= 'x']", rows), [
    rows[0]?.list[1],
    2,
    rows[2]?.list[1],
  ]);
  const deep = '{"a":'.repeat(jsonLimits.depthMax - 1) + '{"b":1}' + "}".repeat(jsonLimits.depthMax - 1);
  assert.equal(record(textQuery("$..[?@.b]"), [deep]).texts.length, 1);
  assert.equal(record(textQuery("$..[?@..b]"), [deep]).texts.length, jsonLimits.depthMax - 1);
});

Deno.test("Tokenizer throws JsonLimitError when an element or a name in it is too long for a filter", () => {
  const cases: readonly (readonly [element: string, limit: string | undefined])[] = [
    [`"${"x".repeat(jsonLimits.elementBytesMax - 2)}"`, undefined],
    [`"${"x".repeat(jsonLimits.elementBytesMax - 1)}"`, "element"],
    [`"${"x".repeat(jsonLimits.valueBytesMax - 1)}"`, "value"],
    [`{"a":1,"${"n".repeat(jsonLimits.nameBytesMax)}":1}`, undefined],
    [`{"a":1,"${"n".repeat(jsonLimits.nameBytesMax + 1)}":1}`, "name"],
  ];
  for (const [element, limit] of cases) {
    const text = `[0,${element}]`;
    const error = thrown(() => record(textQuery("$[?@.a].b"), [text]));
    assert.equal(error instanceof JsonLimitError ? error.limit : error, limit);
  }
});

Deno.test("Tokenizer throws JsonLimitError when a filter selects a node once for each node around it, and there are many", () => {
  const depth = 400;
  const deep = (leaves: number) => `[${"[".repeat(depth)}${"1,".repeat(leaves)}1${"]".repeat(depth)}]`;
  const query = textQuery("$[?count(@..*..*) > 3][0]");
  assert.equal(record(query, [deep(1_000)]).texts.length, 1);
  const error = thrown(() => record(query, [deep(4_000)]));
  assert.equal(error instanceof JsonLimitError ? error.limit : error, "nodes");
});

Deno.test("Tokenizer counts from the document's start when a name is too long in an element within elements", () => {
  const error = thrown(() =>
    record(textQuery("$[?@][?@].b"), [`[[1,{"${"n".repeat(jsonLimits.nameBytesMax + 1)}":1}]]`])
  );
  assert.ok(error instanceof JsonLimitError);
  // Behind `[[1,{"`: at the closing quote, or where the input ends.
  assert.match(
    error.message,
    new RegExp(`more at offset (${jsonLimits.nameBytesMax + 7}|${jsonLimits.nameBytesMax + 4})$`),
  );
});

Deno.test("Query remembers few states when filters decide about many elements", () => {
  const query = textQuery("$[?@.a > 1].b", "$[?@.a < 5].c", "$[*].d");
  record(query, [JSON.stringify(Array.from({ length: 1_000 }, (_, k) => ({ a: k % 7, b: k, c: k, d: k })))]);
  assert.ok(query.size < 20, `${query.size} states`);
});
