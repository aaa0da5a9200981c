"""A client that knows nothing of the API but its address: services, methods and messages come from the server's
reflection, and messages are built at run time. Exits with 1 and a sentence when anything is not as it must be.

Usage: client.py HOST:PORT LOSSY_HOST:PORT; the second is a way to the same server that loses the first reply.
"""

import sys
import uuid

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from google.rpc import error_details_pb2, status_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

DISTRICT = "districts/440203"
CARRIER = f"{DISTRICT}/incubators/PY01"
FIRM, SECOND, THIRD = "91440203MPYR001AAU", "91440203MPYR002AAH", "91440203MPYR003AA7"
# Who acts: every call says so.
PRINCIPAL = (("incubation-principal", "reflection@example"),)
SECONDS_MAX = 20


class Api:
    """The API as the server describes it."""

    def __init__(self, address, pool=None):
        self.channel = grpc.insecure_channel(address)
        self.reflection = ProtoReflectionDescriptorDatabase(self.channel)
        # Asks the server for a file of descriptors when one is wanted.
        self.pool = pool or descriptor_pool.DescriptorPool(self.reflection)

    def method(self, name):
        """A method by `Service.Method`, with the classes of its request and response."""
        service, method = name.split(".")
        found = self.pool.FindServiceByName(f"incubation.v1.{service}").FindMethodByName(method)
        classes = [message_factory.GetMessageClass(type) for type in (found.input_type, found.output_type)]
        return f"/{found.containing_service.full_name}/{found.name}", *classes

    def call(self, called, /, **request):
        """Calls a method; request and answer are plain values, an int64 being a string as in protobuf's JSON."""
        path, ask, answer = self.method(called)
        call = self.channel.unary_unary(path, ask.SerializeToString, answer.FromString)
        request = json_format.ParseDict(request, ask())
        return plain(call(request, metadata=PRINCIPAL, timeout=SECONDS_MAX, wait_for_ready=True))

    def stream(self, name, requests):
        """Calls a method that takes a stream and gives one."""
        path, ask, answer = self.method(name)
        call = self.channel.stream_stream(path, ask.SerializeToString, answer.FromString)
        requests = (json_format.ParseDict(request, ask()) for request in requests)
        return [plain(one) for one in call(requests, metadata=PRINCIPAL, timeout=SECONDS_MAX)]


def plain(message):
    return json_format.MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)


def expect(what, found, wanted):
    if found != wanted:
        sys.exit(f"python_reflection: {what}: {found!r}, not {wanted!r}")
    print(f"ok  {what}")


def refused(what, code, reason, call):
    """Expects a refusal; gives the metadata of its ErrorInfo."""
    try:
        answer = call()
    except grpc.RpcError as error:
        details = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
        info = error_details_pb2.ErrorInfo()
        [any_info] = [one for one in status_pb2.Status.FromString(details).details if one.Is(info.DESCRIPTOR)]
        any_info.Unpack(info)
        expect(what, (error.code(), info.reason, info.domain), (code, reason, "incubation.v1"))
        return dict(info.metadata)
    sys.exit(f"python_reflection: {what}: was accepted: {answer}")


def request_id():
    return str(uuid.uuid4())


def lost_reply(api, lossy):
    """A reply is lost; the same request again gets it, and nothing is recorded twice."""
    head = int(api.call("JournalService.GetHead", parent=DISTRICT)["position"])
    register = dict(parent=DISTRICT, firm_code=FIRM, display_name="反射企业", field="电子信息",
                    effective_date="2022-05-10", request_id=request_id())
    try:
        answer = lossy.call("FirmService.RegisterFirm", **register)
        sys.exit(f"python_reflection: the reply was not lost: {answer}")
    except grpc.RpcError as error:
        expect("the reply is lost", error.code(), grpc.StatusCode.UNAVAILABLE)
    moved = int(api.call("JournalService.GetHead", parent=DISTRICT)["position"])
    expect("the server had recorded it", moved, head + 1)
    answer = lossy.call("FirmService.RegisterFirm", **register)
    expect("the same request again gets the first answer", (int(answer["position"]), answer["duplicate"]), (moved, False))
    again = int(api.call("JournalService.GetHead", parent=DISTRICT)["position"])
    expect("and records nothing", again, moved)
    refused("the id with other content", grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED",
            lambda: api.call("FirmService.RegisterFirm", **register | {"field": "新材料"}))


def import_rows(api):
    """Three messages of rows, and what became of each row."""
    firm = lambda line, code: dict(line=line, firm=dict(
        firm_code=code, display_name=f"导入企业{line}", registered_date="2023-03-01", field="新材料"))
    stay = lambda line, code, day: dict(line=line, stay=dict(incubator_id="PY01", firm_code=code, admitted_date=day))
    answers = api.stream("ImportService.ImportRows", [
        dict(parent=DISTRICT, rows=[firm(1, SECOND), firm(2, THIRD)]),
        dict(rows=[stay(3, SECOND, "2024-02-01"), stay(4, "91440203MA00000000", "2024-02-01")]),
        dict(rows=[firm(1, SECOND), stay(6, THIRD, "2024-02-30")]),
    ])
    told = [[(int(row["line"]), row["outcome"][12:], row["reason"][7:]) for row in answer["results"]] for answer in answers]
    expect("every row is answered", told, [
        [(1, "ACCEPTED", "UNSPECIFIED"), (2, "ACCEPTED", "UNSPECIFIED")],
        [(3, "ACCEPTED", "UNSPECIFIED"), (4, "REJECTED", "UNKNOWN_FIRM")],
        [(1, "DUPLICATE", "DUPLICATE"), (6, "REJECTED", "MALFORMED_DATE")],
    ])
    return answers[-1]["position"]


def main(address, lossy_address):
    api = Api(address)
    # The same descriptors: the reply that this way loses shall be that of a command.
    lossy = Api(lossy_address, api.pool)
    services = set(api.reflection.get_services())
    expect("the API is found", {"incubation.v1.FirmService", "incubation.v1.ImportService"} <= services, True)
    answer = api.call(
        "IncubatorService.RegisterIncubator", parent=DISTRICT, incubator_id="PY01", display_name="反射孵化器",
        kind="INCUBATOR_KIND_INCUBATOR", operator_name="运营公司", operator_code="91350100M000100Y43",
        build_mode="BUILD_MODE_COOPERATIVE", effective_date="2018-01-01", request_id=request_id())
    expect("a carrier is registered", answer["incubator"]["name"], CARRIER)
    lost_reply(api, lossy)
    firm = f"{DISTRICT}/firms/{FIRM}"
    answer = api.call("FirmService.AdmitFirm", name=firm, incubator=CARRIER, effective_date="2022-06-01",
                      request_id=request_id())
    expect("the firm is admitted", answer["firm"]["stays"][0]["admitted_date"], "2022-06-01")
    graduate = dict(name=firm, incubator=CARRIER, criterion="GRADUATION_CRITERION_HIGH_TECH", effective_date="2024-06-03")
    answer = api.call("FirmService.GraduateFirm", **graduate, request_id=request_id())
    expect("and graduates", answer["firm"]["stays"][0]["leave_kind"], "LEAVE_KIND_GRADUATED")
    position = import_rows(api)
    metrics = api.call("BureauService.GetMetrics", parent=DISTRICT, as_of_date="2024-12-31", min_position=position,
                       filter=dict(incubator_ids=["PY01"]))
    year = metrics["year"]
    expect("the metrics", [metrics["in_incubator"], metrics["cumulative_graduates"], year["opening"], year["admitted"],
                           year["graduated"], year["closing"]], ["1", "1", "1", "1", "1", "1"])
    expect("days of incubation", metrics["incubation_days"], {"count": "1", "sum": "733", "median": 733.0})
    metadata = refused("a stay that overlaps", grpc.StatusCode.FAILED_PRECONDITION, "OVERLAPPING_STAY", lambda: api.call(
        "FirmService.AdmitFirm", name=f"{DISTRICT}/firms/{SECOND}", incubator=CARRIER, effective_date="2024-03-01",
        request_id=request_id()))
    expect("the position in its way is told", metadata.get("position", "").isdigit(), True)


if __name__ == "__main__":
    main(*sys.argv[1:3])
