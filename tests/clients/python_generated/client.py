"""A client over code that grpcio-tools generates from proto/ just before it runs: typed messages, typed stubs. Exits with
1 and a sentence when anything is not as it must be.

Usage: client.py HOST:PORT LOSSY_HOST:PORT, with the generated code on PYTHONPATH; the second is a way to the same server
that loses the first reply.
"""

import sys
import uuid

import grpc
from google.rpc import error_details_pb2, status_pb2
from incubation.v1 import bureau_service_pb2 as bureau
from incubation.v1 import bureau_service_pb2_grpc as bureau_grpc
from incubation.v1 import firm_service_pb2 as firms
from incubation.v1 import firm_service_pb2_grpc as firms_grpc
from incubation.v1 import import_service_pb2 as imports
from incubation.v1 import import_service_pb2_grpc as imports_grpc
from incubation.v1 import incubator_service_pb2 as incubators
from incubation.v1 import incubator_service_pb2_grpc as incubators_grpc
from incubation.v1 import journal_service_pb2 as journal
from incubation.v1 import journal_service_pb2_grpc as journal_grpc
from incubation.v1 import types_pb2 as types

DISTRICT = "districts/440203"
CARRIER = f"{DISTRICT}/incubators/PY02"
FIRM, SECOND, THIRD = "91440203MPYG001AAL", "91440203MPYG002AAA", "91440203MPYG003AA0"
# Who acts: every call says so. And none waits for ever.
CALL = dict(metadata=(("incubation-principal", "generated@example"),), timeout=20, wait_for_ready=True)


def expect(what, found, wanted):
    if found != wanted:
        sys.exit(f"python_generated: {what}: {found!r}, not {wanted!r}")
    print(f"ok  {what}")


def refused(what, code, reason, method, request):
    """Expects a refusal; gives the metadata of its ErrorInfo."""
    try:
        answer = method(request, **CALL)
    except grpc.RpcError as error:
        details = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
        info = error_details_pb2.ErrorInfo()
        [any_info] = [one for one in status_pb2.Status.FromString(details).details if one.Is(info.DESCRIPTOR)]
        any_info.Unpack(info)
        expect(what, (error.code(), info.reason, info.domain), (code, reason, "incubation.v1"))
        return dict(info.metadata)
    sys.exit(f"python_generated: {what}: was accepted: {answer}")


def request_id():
    return str(uuid.uuid4())


def lost_reply(channel, lossy_channel):
    """A reply is lost; the same request again gets it, and nothing is recorded twice."""
    def head():
        return journal_grpc.JournalServiceStub(channel).GetHead(journal.GetHeadRequest(parent=DISTRICT), **CALL).position

    stub, lossy = firms_grpc.FirmServiceStub(channel), firms_grpc.FirmServiceStub(lossy_channel)
    before = head()
    request = firms.RegisterFirmRequest(parent=DISTRICT, firm_code=FIRM, display_name="生成企业", field="电子信息",
                                        effective_date="2022-05-10", request_id=request_id())
    try:
        answer = lossy.RegisterFirm(request, **CALL)
        sys.exit(f"python_generated: the reply was not lost: {answer}")
    except grpc.RpcError as error:
        expect("the reply is lost", error.code(), grpc.StatusCode.UNAVAILABLE)
    expect("the server had recorded it", head(), before + 1)
    answer = lossy.RegisterFirm(request, **CALL)
    expect("the same request again gets the first answer", (answer.position, answer.duplicate), (before + 1, False))
    expect("and records nothing", head(), before + 1)
    request.field = "新材料"
    refused("the id with other content", grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED", stub.RegisterFirm, request)


def rows():
    """Three messages of rows."""
    def firm(line, code):
        return imports.ImportRow(line=line, firm=imports.FirmRow(
            firm_code=code, display_name=f"导入企业{line}", registered_date="2023-03-01", field="新材料"))

    def stay(line, code, day):
        return imports.ImportRow(line=line, stay=imports.StayRow(incubator_id="PY02", firm_code=code, admitted_date=day))

    yield imports.ImportRowsRequest(parent=DISTRICT, rows=[firm(1, SECOND), firm(2, THIRD)])
    yield imports.ImportRowsRequest(rows=[stay(3, SECOND, "2024-02-01"), stay(4, "91440203MA00000000", "2024-02-01")])
    yield imports.ImportRowsRequest(rows=[firm(1, SECOND), stay(6, THIRD, "2024-02-30")])


def import_rows(channel):
    """What became of each row; gives the position."""
    answers = list(imports_grpc.ImportServiceStub(channel).ImportRows(rows(), **CALL))
    told = [[(row.line, row.outcome, row.reason) for row in answer.results] for answer in answers]
    accepted, duplicate, rejected = (imports.ROW_OUTCOME_ACCEPTED, imports.ROW_OUTCOME_DUPLICATE, imports.ROW_OUTCOME_REJECTED)
    expect("every row is answered", told, [
        [(1, accepted, types.REASON_UNSPECIFIED), (2, accepted, types.REASON_UNSPECIFIED)],
        [(3, accepted, types.REASON_UNSPECIFIED), (4, rejected, types.REASON_UNKNOWN_FIRM)],
        [(1, duplicate, types.REASON_DUPLICATE), (6, rejected, types.REASON_MALFORMED_DATE)],
    ])
    return answers[-1].position


def check_metrics(channel, position):
    metrics = bureau_grpc.BureauServiceStub(channel).GetMetrics(bureau.GetMetricsRequest(
        parent=DISTRICT, as_of_date="2024-12-31", min_position=position,
        filter=bureau.MetricsFilter(incubator_ids=["PY02"])), **CALL)
    year, days = metrics.year, metrics.incubation_days
    expect("the metrics", (metrics.in_incubator, metrics.cumulative_graduates, year.opening, year.admitted, year.graduated,
                           year.closing), (1, 1, 1, 1, 1, 1))
    expect("days of incubation", (days.count, days.sum, days.median), (1, 733, 733.0))


def main(address, lossy_address):
    channel, lossy = grpc.insecure_channel(address), grpc.insecure_channel(lossy_address)
    stub = firms_grpc.FirmServiceStub(channel)
    answer = incubators_grpc.IncubatorServiceStub(channel).RegisterIncubator(incubators.RegisterIncubatorRequest(
        parent=DISTRICT, incubator_id="PY02", display_name="生成孵化器", kind=types.INCUBATOR_KIND_INCUBATOR,
        operator_name="运营公司", operator_code="91350100M000100Y43", build_mode=types.BUILD_MODE_COOPERATIVE,
        effective_date="2018-01-01", request_id=request_id()), **CALL)
    expect("a carrier is registered", answer.incubator.name, CARRIER)
    lost_reply(channel, lossy)
    firm = f"{DISTRICT}/firms/{FIRM}"
    answer = stub.AdmitFirm(firms.AdmitFirmRequest(name=firm, incubator=CARRIER, effective_date="2022-06-01",
                                                   request_id=request_id()), **CALL)
    expect("the firm is admitted", answer.firm.stays[0].admitted_date, "2022-06-01")
    answer = stub.GraduateFirm(firms.GraduateFirmRequest(
        name=firm, incubator=CARRIER, criterion=types.GRADUATION_CRITERION_HIGH_TECH, effective_date="2024-06-03",
        request_id=request_id()), **CALL)
    expect("and graduates", answer.firm.stays[0].leave_kind, types.LEAVE_KIND_GRADUATED)
    check_metrics(channel, import_rows(channel))
    metadata = refused("a stay that overlaps", grpc.StatusCode.FAILED_PRECONDITION, "OVERLAPPING_STAY", stub.AdmitFirm,
                       firms.AdmitFirmRequest(name=f"{DISTRICT}/firms/{SECOND}", incubator=CARRIER,
                                              effective_date="2024-03-01", request_id=request_id()))
    expect("the position in its way is told", metadata.get("position", "").isdigit(), True)


if __name__ == "__main__":
    main(*sys.argv[1:3])
