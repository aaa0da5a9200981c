// A client in Node: proto/ is read when it starts, nothing is generated. Exits with 1 and a sentence when anything is not as
// it must be.
//
// Usage: node client.js PROTO_FOLDER HOST:PORT LOSSY_HOST:PORT; the last is a way to the same server that loses the first
// reply.
"use strict";

const { randomUUID } = require("node:crypto");
const { isDeepStrictEqual, inspect } = require("node:util");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const DISTRICT = "districts/440203";
const CARRIER = `${DISTRICT}/incubators/ND01`;
const [FIRM, SECOND, THIRD] = ["91440203MNDE001AA4", "91440203MNDE002AAR", "91440203MNDE003AAF"];
const SECONDS_MAX = 20;

// What every error of google.rpc bears; proto-loader has no such messages of its own.
const STATUS = {
  nested: {
    Any: { fields: { type_url: { type: "string", id: 1 }, value: { type: "bytes", id: 2 } } },
    Status: {
      fields: {
        code: { type: "int32", id: 1 },
        message: { type: "string", id: 2 },
        details: { rule: "repeated", type: "Any", id: 3 },
      },
    },
    ErrorInfo: {
      fields: {
        reason: { type: "string", id: 1 },
        domain: { type: "string", id: 2 },
        metadata: { keyType: "string", type: "string", id: 3 },
      },
    },
  },
};
const { Status, ErrorInfo } = loader.fromJSON(STATUS, { longs: String });

function fail(message) {
  console.error(`node: ${message}`);
  process.exit(1);
}

function expect(what, found, wanted) {
  if (!isDeepStrictEqual(found, wanted)) fail(`${what}: ${inspect(found)}, not ${inspect(wanted)}`);
  console.log(`ok  ${what}`);
}

// Who acts: every call says so.
function principal() {
  const metadata = new grpc.Metadata({ waitForReady: true });
  metadata.set("incubation-principal", "node@example");
  return metadata;
}

function options() {
  return { deadline: Date.now() + SECONDS_MAX * 1000 };
}

// Calls a method with one answer.
function call(client, method, request) {
  return new Promise((resolve, reject) => {
    client[method](request, principal(), options(), (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

// Expects a refusal; gives the metadata of its ErrorInfo.
async function refused(what, code, reason, called) {
  try {
    fail(`${what}: was accepted: ${inspect(await called)}`);
  } catch (error) {
    const [details] = error.metadata.get("grpc-status-details-bin");
    const infos = Status.deserialize(details).details.filter((one) => one.type_url.endsWith("/google.rpc.ErrorInfo"));
    const info = ErrorInfo.deserialize(infos[0].value);
    expect(what, [error.code, info.reason, info.domain], [code, reason, "incubation.v1"]);
    return info.metadata;
  }
}

// A reply is lost; the same request again gets it, and nothing is recorded twice.
async function lostReply(journal, firms, lossy) {
  const head = async () => Number((await call(journal, "GetHead", { parent: DISTRICT })).position);
  const before = await head();
  const register = {
    parent: DISTRICT,
    firm_code: FIRM,
    display_name: "节点企业",
    field: "电子信息",
    effective_date: "2022-05-10",
    request_id: randomUUID(),
  };
  const lost = await call(lossy, "RegisterFirm", register).then((answer) => answer, (error) => error);
  expect("the reply is lost", lost.code, grpc.status.UNAVAILABLE);
  expect("the server had recorded it", await head(), before + 1);
  const answer = await call(lossy, "RegisterFirm", register);
  expect("the same request again gets the first answer", [Number(answer.position), answer.duplicate], [before + 1, false]);
  expect("and records nothing", await head(), before + 1);
  const other = call(firms, "RegisterFirm", { ...register, field: "新材料" });
  await refused("the id with other content", grpc.status.ALREADY_EXISTS, "REQUEST_ID_REUSED", other);
}

// Three messages of rows, and what became of each row; gives the position.
async function importRows(client) {
  const firm = (line, code) => ({
    line,
    firm: { firm_code: code, display_name: `导入企业${line}`, registered_date: "2023-03-01", field: "新材料" },
  });
  const stay = (line, code, day) => ({ line, stay: { incubator_id: "ND01", firm_code: code, admitted_date: day } });
  const stream = client.ImportRows(principal(), options());
  stream.write({ parent: DISTRICT, rows: [firm(1, SECOND), firm(2, THIRD)] });
  stream.write({ rows: [stay(3, SECOND, "2024-02-01"), stay(4, "91440203MA00000000", "2024-02-01")] });
  stream.write({ rows: [firm(1, SECOND), stay(6, THIRD, "2024-02-30")] });
  stream.end();
  const answers = [];
  for await (const answer of stream) answers.push(answer);
  const word = (row) => [Number(row.line), row.outcome.replace("ROW_OUTCOME_", ""), row.reason.replace("REASON_", "")];
  expect("every row is answered", answers.map((answer) => answer.results.map(word)), [
    [[1, "ACCEPTED", "UNSPECIFIED"], [2, "ACCEPTED", "UNSPECIFIED"]],
    [[3, "ACCEPTED", "UNSPECIFIED"], [4, "REJECTED", "UNKNOWN_FIRM"]],
    [[1, "DUPLICATE", "DUPLICATE"], [6, "REJECTED", "MALFORMED_DATE"]],
  ]);
  return answers.at(-1).position;
}

async function checkMetrics(bureau, position) {
  const metrics = await call(bureau, "GetMetrics", {
    parent: DISTRICT,
    as_of_date: "2024-12-31",
    min_position: position,
    filter: { incubator_ids: ["ND01"] },
  });
  const { opening, admitted, graduated, closing } = metrics.year;
  const figures = [metrics.in_incubator, metrics.cumulative_graduates, opening, admitted, graduated, closing];
  expect("the metrics", figures, ["1", "1", "1", "1", "1", "1"]);
  expect("days of incubation", metrics.incubation_days, { count: "1", sum: "733", median: 733 });
}

async function main(protos, address, lossyAddress) {
  const names = ["bureau", "firm", "import", "incubator", "journal"];
  const files = names.map((name) => `incubation/v1/${name}_service.proto`);
  const shape = { keepCase: true, longs: String, enums: String, defaults: true, includeDirs: [protos] };
  const api = grpc.loadPackageDefinition(loader.loadSync(files, shape)).incubation.v1;
  const plain = grpc.credentials.createInsecure();
  const open = (service, at = address) => new api[service](at, plain);
  const firms = open("FirmService");

  const carrier = await call(open("IncubatorService"), "RegisterIncubator", {
    parent: DISTRICT,
    incubator_id: "ND01",
    display_name: "节点孵化器",
    kind: "INCUBATOR_KIND_INCUBATOR",
    operator_name: "运营公司",
    operator_code: "91350100M000100Y43",
    build_mode: "BUILD_MODE_COOPERATIVE",
    effective_date: "2018-01-01",
    request_id: randomUUID(),
  });
  expect("a carrier is registered", carrier.incubator.name, CARRIER);
  await lostReply(open("JournalService"), firms, open("FirmService", lossyAddress));
  const about = { name: `${DISTRICT}/firms/${FIRM}`, incubator: CARRIER };
  const admitted = await call(firms, "AdmitFirm", { ...about, effective_date: "2022-06-01", request_id: randomUUID() });
  expect("the firm is admitted", admitted.firm.stays[0].admitted_date, "2022-06-01");
  const graduate = { ...about, criterion: "GRADUATION_CRITERION_HIGH_TECH", effective_date: "2024-06-03" };
  const graduated = await call(firms, "GraduateFirm", { ...graduate, request_id: randomUUID() });
  expect("and graduates", graduated.firm.stays[0].leave_kind, "LEAVE_KIND_GRADUATED");
  await checkMetrics(open("BureauService"), await importRows(open("ImportService")));
  const again = { name: `${DISTRICT}/firms/${SECOND}`, incubator: CARRIER, effective_date: "2024-03-01" };
  const overlapping = call(firms, "AdmitFirm", { ...again, request_id: randomUUID() });
  const metadata = await refused("a stay that overlaps", grpc.status.FAILED_PRECONDITION, "OVERLAPPING_STAY", overlapping);
  expect("the position in its way is told", /^[0-9]+$/.test(metadata.position), true);
  process.exit(0);
}

main(...process.argv.slice(2)).catch((error) => fail(error.stack));
