import { readFileSync } from "node:fs";
import { expect } from "chai";
import { getIntrospectionQuery } from "graphql";
import { BUDGET, checkCost as check, QueryRefused } from "../../../indexer/src/api/graphqlCost.ts";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const views = new Set(
  [...read("indexer/ponder.schema.ts").matchAll(/^export const (\w+) = onchainView\(/gm)].map(([, name]) => `${name}s`),
);
const checkCost = (query: string, variables?: Record<string, unknown>) => check(query, views, variables);

describe("the cost of a GraphQL query", () => {
  it("is a statement and a value for each row that there can be", () => {
    expect(checkCost("{ nodes { items { id free } } }")).to.equal(50 + 50 * 2);
    expect(checkCost("{ nodes(limit: 10) { items { id } } }")).to.equal(50 + 10);
    expect(checkCost("{ nodes(limit: 10) { totalCount items { id } } }")).to.equal(50 + 50 + 10);
    expect(checkCost('{ node(id: "0x") { id } }')).to.equal(50 + 1 + 1);
  });

  it("is a hundred times that for each statement to a view", () => {
    expect(views).to.include.members(["alerts", "laws", "nodeReputations", "trustGapStatistics"]);
    expect(checkCost("{ laws(limit: 10) { items { law holds } } }")).to.equal(5_000 + 10 * 2);
    expect(checkCost("{ any: laws(limit: 10) { totalCount items { law } } }")).to.equal(2 * 5_000 + 10);
    expect(checkCost("{ ...A } fragment A on Query { alerts { __typename } }")).to.equal(2 * 5_000);
  });

  it("is more for each value that may be large, but not for a relation of the same name", () => {
    expect(checkCost("{ inferences(limit: 10) { items { id output } } }")).to.equal(50 + 10 * (1 + 1_000));
    expect(checkCost("{ nodes(limit: 10) { items { id endpoint parties } } }")).to.equal(50 + 10 * (1 + 20 + 20));
    expect(checkCost('{ inference(id: "0x") { large: parameters { parameters } } }')).to.equal(50 + 1 + 50 + 1 + 100);
    expect(() => checkCost("{ inferences(limit: 1000) { items { output } } }")).to.throw(QueryRefused);
  });

  it("is no less for rows of which nothing is asked", () => {
    const query = "{ nodes(limit: 10) { items { offers { __typename } } } }";
    expect(checkCost(query)).to.equal(50 + 10 * 2 * 50);
  });

  it("multiplies where lists are within lists, and asks the database for each row", () => {
    const query = "{ nodes(limit: 10) { items { id offers(limit: 4) { items { token } } } } }";
    expect(checkCost(query)).to.equal(50 + 10 + 10 * 50 + 10 * 4);
  });

  it("counts each alias, each use of a fragment, and what directives may leave out", () => {
    const one = checkCost("{ nodes { items { id } } }");
    expect(checkCost("{ a: nodes { items { id } } b: nodes { items { id } } }")).to.equal(2 * one);
    expect(checkCost("{ ...F ...F } fragment F on Query { nodes { items { id } } }")).to.equal(2 * one);
    expect(checkCost("{ nodes { ...P } } fragment P on nodePage { items { ... on node { id } } }")).to.equal(one);
    expect(checkCost("query ($no: Boolean!) { nodes @include(if: $no) { items { id } } }", { no: false })).to.equal(
      one,
    );
  });

  it("reads limits from variables, and takes the most for what is none", () => {
    const query = "query ($n: Int = 7) { nodes(limit: $n) { items { id } } }";
    expect(checkCost(query)).to.equal(50 + 7);
    expect(checkCost(query, { n: 3 })).to.equal(50 + 3);
    expect(checkCost(query, { n: null })).to.equal(50 + 50);
    for (const n of ["3", -1, 1e9, Number.NaN, {}, true]) expect(checkCost(query, { n })).to.equal(50 + 1_000);
    expect(checkCost("query ($n: Int) { nodes(limit: $n) { items { id } } }")).to.equal(50 + 50);
    expect(checkCost("{ nodes(limit: $unknown) { items { id } } }")).to.equal(50 + 50);
  });

  it("is that of the dearest operation, whichever is asked for", () => {
    const query = "query A { nodes(limit: 1) { items { id } } } query B { nodes { items { id } } }";
    expect(checkCost(query)).to.equal(checkCost("{ nodes { items { id } } }"));
  });

  it("leaves room for what the documentation asks, and for tools that read the schema", () => {
    const queries = [...read("docs/indexer.md").matchAll(/```graphql\n(.*?)```/gs)].map(([, query]) => query ?? "");
    expect(queries).to.have.length.greaterThan(10);
    for (const query of [...queries, getIntrospectionQuery({ inputValueDeprecation: true, schemaDescription: true })]) {
      expect(checkCost(query), query).to.be.lessThan(BUDGET / 4);
    }
  });

  it("says what is too dear, what it may cost, and what to do", () => {
    const query = "{ nodes(limit: 1000) { items { id inferences(limit: 1000) { items { id } } } } }";
    expect(() => checkCost(query)).to.throw(QueryRefused, `This query may cost 1051050, and a query may cost at most`);
    expect(() => checkCost("{ nodes")).to.throw(QueryRefused, "Syntax Error");
  });
});
